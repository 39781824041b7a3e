// SPDX-License-Identifier: Apache-2.0
// Paged attention. A block of threads has up to eight (row, head) pairs of one view that share a kv head, and
// goes through the positions that they see by chunks of 256, aligned in the view: scores with a thread a
// position, then the mix of values with eight elements a thread. What a chunk gives is folded into the sum in
// the order of the chunks, by the same expression whether one block had them all or each had its own (few
// rows: the last one to arrive folds): a row's bits depend neither on its company nor on the split. Segments
// that were written for other positions turn the query instead (delta); quantised keys meet a query turned by
// the Hadamard matrix, and the mix is turned back.
#include "engine/backend/cuda/activations.cuh"
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/kv_pages.cuh"
#include "engine/backend/cuda/port.h"
#include "engine/backend/cuda/rotation.cuh"

namespace tendril::cuda {
namespace {

constexpr unsigned kThreads = 128;
constexpr unsigned kNowhere = 0xffffffffU;
constexpr unsigned kReduceFloats = kThreads / 2 * kQueries * kPiece;
TENDRIL_DEVICE float minus_infinity() {
    return __int_as_float(static_cast<int>(0xff800000U));
}

/// Shared memory: [query][padded] turned queries and sums, [query][chunk] weights, places, and a space for
/// reductions.
constexpr size_t shared_floats(unsigned padded) {
    return 2 * kQueries * padded + kQueries * kChunk + kChunk + kReduceFloats + 4 * kQueries;
}

template <KvType T>
struct Attend {
    const AttentionArgs& a;
    const DeviceView& view;
    unsigned kv_head, first, count,
        shared_heads;  // queries [first, first + count) of the view's rows * shared_heads
    float *q, *sums, *weights, *space;
    unsigned* places;
    float *run_most, *run_total, *most, *total;  // [kQueries]

    TENDRIL_DEVICE unsigned padded() const { return a.planes.padded_size; }
    TENDRIL_DEVICE int row_of(unsigned query) const {
        return static_cast<int>((first + query) / shared_heads);
    }
    TENDRIL_DEVICE int end_of(unsigned query) const { return view.first_position + row_of(query) + 1; }
    TENDRIL_DEVICE int begin_of(unsigned query) const {
        const int begin = end_of(query) - static_cast<int>(a.window);
        return a.window != 0 && begin > 0 ? begin : 0;
    }
    TENDRIL_DEVICE size_t element_of(unsigned query) const {
        const unsigned head = kv_head * shared_heads + (first + query) % shared_heads;
        return (static_cast<size_t>(view.first_row + row_of(query)) * a.heads + head) * a.head_size;
    }
    TENDRIL_DEVICE int low() const { return begin_of(0); }
    TENDRIL_DEVICE int high() const { return end_of(count - 1); }

    /// The queries as they meet keys that were rotated for positions `delta` lower.
    TENDRIL_DEVICE void load_queries(int delta) const {
        __syncthreads();
        for (unsigned i = threadIdx.x; i < kQueries * padded(); i += kThreads) {
            const unsigned query = i / padded();
            const unsigned element = i % padded();
            q[i] = query < count && element < a.head_size ? a.q[element_of(query) + element] : 0.0F;
        }
        __syncthreads();
        if (delta != 0) {
            const unsigned pairs = a.head_size / 2;
            for (unsigned i = threadIdx.x; i < kQueries * pairs; i += kThreads) {
                const unsigned pair = i % pairs;
                const Turn turn = turn_of(a.angles.quarter_turns[pair], -delta);
                float* const head = q + i / pairs * padded();
                float& x = head[first_of_pair(a.angles, pair)];
                float& y = head[second_of_pair(a.angles, pair, pairs)];
                const float p = x;
                const float r = y;
                x = fmaf(p, turn.cosine, -(r * turn.sine));
                y = fmaf(p, turn.sine, r * turn.cosine);
            }
            __syncthreads();
        }
        if constexpr (T != KvType::f16) {
            turn_by_hadamard(q, kQueries, a.head_size, padded());
        }
    }

    TENDRIL_DEVICE void score(int position, unsigned place, unsigned column) const {
        const unsigned char* const keys = head_of(a.planes, a.kv_heads, false, place / kPage, kv_head);
        const unsigned slot = place % kPage;
        float dots[kQueries] = {};
        for (unsigned block = 0; block < padded() / 32; ++block) {
            const float scale = load_kv_scale<T>(a.planes, keys, scale_index(false, block, slot, padded()));
#pragma unroll
            for (unsigned part = 0; part < 4; ++part) {
                float key[kPiece];
                load_piece<T>(keys, piece_index(false, block * 4 + part, slot, padded()), key);
#pragma unroll
                for (unsigned i = 0; i < kPiece; ++i) {
                    key[i] *= scale;
                }
#pragma unroll
                for (unsigned j = 0; j < kQueries; ++j) {
                    const float4* at =
                        reinterpret_cast<const float4*>(q + j * padded() + block * 32 + part * kPiece);
                    const float4 x = at[0];
                    const float4 y = at[1];
                    dots[j] =
                        fmaf(x.x, key[0], fmaf(x.y, key[1], fmaf(x.z, key[2], fmaf(x.w, key[3], dots[j]))));
                    dots[j] =
                        fmaf(y.x, key[4], fmaf(y.y, key[5], fmaf(y.z, key[6], fmaf(y.w, key[7], dots[j]))));
                }
            }
        }
#pragma unroll
        for (unsigned j = 0; j < kQueries; ++j) {
            float score = dots[j] * a.scale;
            if (a.softcap > 0.0F) {
                score = a.softcap * tanhf(score / a.softcap);
            }
            const bool seen = j < count && position >= begin_of(j) && position < end_of(j);
            weights[j * kChunk + column] = seen ? score : minus_infinity();
        }
    }

    /// Scores of a chunk, segment by segment; where no query looks, minus infinity.
    TENDRIL_DEVICE void scores(int start, int& loaded) const {
        const int from = start > low() ? start : low();
        const int to = start + static_cast<int>(kChunk) < high() ? start + static_cast<int>(kChunk) : high();
        __syncthreads();  // the chunk before has been mixed
        for (unsigned column = threadIdx.x; column < kChunk; column += kThreads) {
            const int position = start + static_cast<int>(column);
            const bool seen = position >= from && position < to;
            places[column] =
                seen ? place_of(a.step, segment_of(a.step, view, position), a.planes.windowed != 0, position)
                     : kNowhere;
            for (unsigned j = 0; j < kQueries && !seen; ++j) {
                weights[j * kChunk + column] = minus_infinity();
            }
        }
        for (int s = view.first_segment; s < view.first_segment + view.segments; ++s) {
            const DeviceSegment& segment = a.step.segments[s];
            const int begin = segment.begin > from ? segment.begin : from;
            const int end = segment.end < to ? segment.end : to;
            if (begin >= end) {
                continue;  // for all threads alike
            }
            if (segment.delta != loaded) {
                load_queries(segment.delta);
                loaded = segment.delta;
            }
            for (unsigned column = threadIdx.x; column < kChunk; column += kThreads) {
                const int position = start + static_cast<int>(column);
                if (position >= begin && position < end) {
                    score(position, places[column], column);
                }
            }
        }
        __syncthreads();
    }

    /// Turns scores to weights: a warp a query.
    TENDRIL_DEVICE void soften() const {
        const unsigned lane = threadIdx.x % 32;
        for (unsigned j = threadIdx.x / 32; j < kQueries; j += kThreads / 32) {
            float* const row = weights + j * kChunk;
            float largest = minus_infinity();
            for (unsigned i = lane; i < kChunk; i += 32) {
                largest = fmaxf(largest, row[i]);
            }
            largest = warp_max(largest);
            float sum = 0.0F;
            for (unsigned i = lane; i < kChunk; i += 32) {
                const float weight = row[i] == minus_infinity() ? 0.0F : expf(row[i] - largest);
                row[i] = weight;
                sum += weight;
            }
            sum = warp_sum(sum);
            if (lane == 0) {
                most[j] = largest;
                total[j] = sum;
            }
        }
        __syncthreads();
    }

    /// The weighted sum of a chunk's values: thread t has elements 8 (t % n) ... of positions t / n, t / n +
    /// groups, ... (n threads a position); the groups' sums are added by halves. The result is with the first
    /// n threads.
    TENDRIL_DEVICE void mix(float (&mixed)[kQueries][kPiece]) const {
        const unsigned n = padded() / kPiece;
        const unsigned groups = kThreads / n;
        const unsigned group = threadIdx.x / n;
        const unsigned piece = threadIdx.x % n;
        for (unsigned column = group; column < kChunk && group < groups; column += groups) {
            const unsigned place = places[column];
            if (place == kNowhere) {
                continue;
            }
            const unsigned char* const values = head_of(a.planes, a.kv_heads, true, place / kPage, kv_head);
            float value[kPiece];
            load_piece<T>(values, piece_index(true, piece, place % kPage, padded()), value);
            const float scale =
                load_kv_scale<T>(a.planes, values, scale_index(true, piece / 4, place % kPage, padded()));
#pragma unroll
            for (unsigned j = 0; j < kQueries; ++j) {
                const float weight = weights[j * kChunk + column];
                if (weight != 0.0F) {  // a position that the row does not see may hold anything
#pragma unroll
                    for (unsigned i = 0; i < kPiece; ++i) {
                        mixed[j][i] = fmaf(weight * scale, value[i], mixed[j][i]);
                    }
                }
            }
        }
        for (unsigned left = groups; left > 1;) {
            const unsigned half = (left + 1) / 2;
            if (group >= half && group < left) {
#pragma unroll
                for (unsigned k = 0; k < kQueries * kPiece; ++k) {
                    space[k * (kThreads / 2) + (group - half) * n + piece] = mixed[k / kPiece][k % kPiece];
                }
            }
            __syncthreads();
            if (group < left - half) {
#pragma unroll
                for (unsigned k = 0; k < kQueries * kPiece; ++k) {
                    mixed[k / kPiece][k % kPiece] += space[k * (kThreads / 2) + group * n + piece];
                }
            }
            __syncthreads();
            left = half;
        }
    }

    /// One element and a chunk's: both are scaled to the larger of the two maxima.
    TENDRIL_DEVICE static float fold(float sum, float sum_most, float part, float part_most) {
        const float top = fmaxf(sum_most, part_most);
        return top == minus_infinity() ? sum : fmaf(sum, expf(sum_most - top), part * expf(part_most - top));
    }

    TENDRIL_DEVICE void fold_chunk(const float (&mixed)[kQueries][kPiece]) const {
        if (threadIdx.x < padded() / kPiece) {
#pragma unroll
            for (unsigned j = 0; j < kQueries; ++j) {
#pragma unroll
                for (unsigned i = 0; i < kPiece; ++i) {
                    float& sum = sums[j * padded() + threadIdx.x * kPiece + i];
                    sum = fold(sum, run_most[j], mixed[j][i], most[j]);
                }
            }
        }
        __syncthreads();
        if (threadIdx.x < kQueries) {
            const unsigned j = threadIdx.x;
            run_total[j] = fold(run_total[j], run_most[j], total[j], most[j]);
            run_most[j] = fmaxf(run_most[j], most[j]);
        }
        __syncthreads();
    }

    TENDRIL_DEVICE void clear() const {
        for (unsigned i = threadIdx.x; i < kQueries * padded(); i += kThreads) {
            sums[i] = 0.0F;
        }
        if (threadIdx.x < kQueries) {
            run_most[threadIdx.x] = minus_infinity();
            run_total[threadIdx.x] = 0.0F;
        }
        __syncthreads();
    }

    TENDRIL_DEVICE void finish() const {
        if constexpr (T != KvType::f16) {
            turn_by_hadamard(sums, kQueries, a.head_size, padded());
        }
        for (unsigned i = threadIdx.x; i < count * a.head_size; i += kThreads) {
            const unsigned query = i / a.head_size;
            a.out[element_of(query) + i % a.head_size] =
                sums[query * padded() + i % a.head_size] / run_total[query];
        }
        if (a.quantised.values != nullptr) {  // a warp a block of 32
            const unsigned blocks = a.head_size / 32;
            for (unsigned i = threadIdx.x / 32; i < count * blocks; i += kThreads / 32) {
                const unsigned query = i / blocks;
                const unsigned column = i % blocks * 32;
                const float value = sums[query * padded() + column + threadIdx.x % 32] / run_total[query];
                const size_t row = static_cast<size_t>(view.first_row + row_of(query));
                const size_t block = (element_of(query) - row * a.heads * a.head_size + column) / 32;
                quantise_block(value, a.quantised, row * a.quantised.stride + block);
            }
        }
    }

    TENDRIL_DEVICE size_t part_floats() const {
        return kQueries * (padded() + 2);
    }
    TENDRIL_DEVICE float* part(unsigned split) const {
        const size_t block = static_cast<size_t>(blockIdx.x) * a.kv_heads + kv_head;
        return a.partials + (block * a.splits + split) * part_floats();
    }

    TENDRIL_DEVICE void publish(unsigned split, const float (&mixed)[kQueries][kPiece]) const {
        float* const to = part(split);
        if (threadIdx.x < padded() / kPiece) {
#pragma unroll
            for (unsigned j = 0; j < kQueries; ++j) {
#pragma unroll
                for (unsigned i = 0; i < kPiece; ++i) {
                    to[j * padded() + threadIdx.x * kPiece + i] = mixed[j][i];
                }
            }
        }
        if (threadIdx.x < kQueries) {
            to[kQueries * padded() + threadIdx.x] = most[threadIdx.x];
            to[kQueries * (padded() + 1) + threadIdx.x] = total[threadIdx.x];
        }
    }

    /// Folds the parts of all chunks, in their order.
    TENDRIL_DEVICE void fold_parts(unsigned chunks) const {
        for (unsigned chunk = 0; chunk < chunks; ++chunk) {
            const float* const from = part(chunk);
            const float* const part_most = from + kQueries * padded();
            for (unsigned i = threadIdx.x; i < kQueries * padded(); i += kThreads) {
                sums[i] = fold(sums[i], run_most[i / padded()], from[i], part_most[i / padded()]);
            }
            __syncthreads();
            if (threadIdx.x < kQueries) {
                const unsigned j = threadIdx.x;
                run_total[j] = fold(run_total[j], run_most[j], part_most[kQueries + j], part_most[j]);
                run_most[j] = fmaxf(run_most[j], part_most[j]);
            }
            __syncthreads();
        }
    }
};

template <KvType T>
TENDRIL_KERNEL __launch_bounds__(kThreads, 4) attention_kernel(AttentionArgs a) {
    TENDRIL_DYNAMIC_SHARED(float, shared);
    TENDRIL_SHARED(unsigned, is_last, [1]);
    const unsigned padded = a.planes.padded_size;
    float* const q = shared;
    float* const sums = q + kQueries * padded;
    float* const weights = sums + kQueries * padded;
    float* const space = weights + kQueries * kChunk;
    unsigned* const places = reinterpret_cast<unsigned*>(space + kReduceFloats);
    float* const small = space + kReduceFloats + kChunk;
    if (a.block_views[2 * blockIdx.x] < 0) {
        return;  // the whole block of threads: the launch has room for more rows than the step has
    }
    const DeviceView& view = a.step.views[a.block_views[2 * blockIdx.x]];
    const unsigned first = static_cast<unsigned>(a.block_views[2 * blockIdx.x + 1]);
    const unsigned shared_heads = a.heads / a.kv_heads;
    const unsigned queries = static_cast<unsigned>(view.rows) * shared_heads;
    const Attend<T> attend{a,
                           view,
                           blockIdx.y,
                           first,
                           queries - first < kQueries ? queries - first : kQueries,
                           shared_heads,
                           q,
                           sums,
                           weights,
                           space,
                           places,
                           small,
                           small + kQueries,
                           small + 2 * kQueries,
                           small + 3 * kQueries};
    const unsigned first_chunk = static_cast<unsigned>(attend.low()) / kChunk;
    const unsigned chunks = (static_cast<unsigned>(attend.high()) + kChunk - 1) / kChunk - first_chunk;
    const bool split = a.splits > 1 && chunks > 1;
    if (blockIdx.z >= (split ? chunks : 1)) {
        return;
    }
    int loaded = 0x7fffffff;
    attend.clear();
    for (unsigned chunk = blockIdx.z; chunk < chunks; chunk += split ? chunks : 1) {
        attend.scores(static_cast<int>((first_chunk + chunk) * kChunk), loaded);
        attend.soften();
        float mixed[kQueries][kPiece] = {};
        attend.mix(mixed);
        if (split) {
            attend.publish(chunk, mixed);
        } else {
            attend.fold_chunk(mixed);
        }
    }
    if (split) {
        __threadfence();
        __syncthreads();
        unsigned* const arrived = a.arrived + static_cast<size_t>(blockIdx.x) * a.kv_heads + blockIdx.y;
        if (threadIdx.x == 0) {
            is_last[0] = atomicAdd(arrived, 1U) == chunks - 1 ? 1U : 0U;
        }
        __syncthreads();
        if (is_last[0] == 0) {
            return;
        }
        __threadfence();
        if (threadIdx.x == 0) {
            *arrived = 0;
        }
        attend.fold_parts(chunks);
    }
    attend.finish();
}

template <KvType T>
cudaError_t launch_type(const AttentionArgs& args, cudaStream_t stream) {
    const dim3 grid(args.blocks, args.kv_heads, args.splits);
    const size_t bytes = shared_floats(args.planes.padded_size) * sizeof(float);
    return launch(attention_kernel<T>, grid, dim3(kThreads), bytes, stream, args);
}

}  // namespace

cudaError_t attention(const AttentionArgs& args, cudaStream_t stream) {
    switch (args.planes.type) {
        case KvType::f16:
            return launch_type<KvType::f16>(args, stream);
        case KvType::q8_0:
            return launch_type<KvType::q8_0>(args, stream);
        default:
            return launch_type<KvType::q4_0>(args, stream);
    }
}

}  // namespace tendril::cuda
