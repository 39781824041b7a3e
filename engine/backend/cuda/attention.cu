// SPDX-License-Identifier: Apache-2.0
// Paged attention. A block of threads has up to eight (row, head) pairs of one view that share a kv head, and
// goes through the positions that they see by chunks of 256, aligned in the view: scores, weights, and the
// mix of values, products on the tensor cores. What a chunk gives is folded into the sum in the order of the
// chunks, by the same expression whether one block had them all or each had its own (few rows: the last one
// to arrive folds): a row's bits depend neither on its company nor on the split. Segments that were written
// for other positions turn the query instead (delta); quantised keys meet a query turned by the Hadamard
// matrix, and the mix is turned back.
//
// The tensor cores take halves and add in float. Keys and values are halves, or integers that are halves
// exactly; queries and weights are two halves each, what the first leaves of them in the second, so that
// nothing is lost but what is below 2^-22 of the largest. Queries are scaled before: below 65504 times the
// square root of the head's size they do not overflow.
#include "engine/backend/cuda/activations.cuh"
#include "engine/backend/cuda/halves.cuh"
#include "engine/backend/cuda/kernels.h"
#include "engine/backend/cuda/kv_pages.cuh"
#include "engine/backend/cuda/port.h"
#include "engine/backend/cuda/rotation.cuh"

namespace tendril::cuda {
namespace {

constexpr unsigned kThreads = 128;
constexpr unsigned kWarps = kThreads / 32;
constexpr unsigned kNowhere = 0xffffffffU;
constexpr unsigned kTile = 16;  // positions of a product
constexpr float kWeightUnit =
    1024.0F;  // weights are taken by this much more, so that small ones are not lost
constexpr unsigned kPartFloats = kWarps * kQueries * 32;  // what the warps have of 32 elements
TENDRIL_DEVICE float minus_infinity() {
    return __int_as_float(static_cast<int>(0xff800000U));
}

/// Halves between two queries: rows lie in other banks.
TENDRIL_DEVICE unsigned query_pitch(unsigned padded) {
    return padded + 8;
}
/// The space serves the queries while they are turned, and twice the parts of the warps.
constexpr unsigned space_floats(unsigned padded) {
    return kQueries * padded > 2 * kPartFloats ? kQueries * padded : 2 * kPartFloats;
}
/// Shared memory: two halves of each element of each query, [query][padded] sums, [query][chunk] weights,
/// places, the space, and some numbers for each query.
constexpr size_t shared_floats(unsigned padded) {
    return kQueries * (padded + 8) + kQueries * padded + kQueries * kChunk + kChunk + space_floats(padded) +
           4 * kQueries;
}

template <KvType T>
struct Attend {
    const AttentionArgs& a;
    const DeviceView& view;
    unsigned kv_head, first, count,
        shared_heads;      // queries [first, first + count) of the view's rows * shared_heads
    uint16_t *q, *q_rest;  // [kQueries][query_pitch]
    float *sums, *weights, *space;
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
            space[i] = query < count && element < a.head_size ? a.q[element_of(query) + element] : 0.0F;
        }
        __syncthreads();
        if (delta != 0) {
            const unsigned pairs = a.head_size / 2;
            for (unsigned i = threadIdx.x; i < kQueries * pairs; i += kThreads) {
                const unsigned pair = i % pairs;
                const Turn turn = turn_of(a.angles.quarter_turns[pair], -delta);
                float* const head = space + i / pairs * padded();
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
            turn_by_hadamard(space, kQueries, a.head_size, padded());
        }
        for (unsigned i = threadIdx.x; i < kQueries * padded(); i += kThreads) {
            const unsigned at = i / padded() * query_pitch(padded()) + i % padded();
            const float x = space[i] * a.scale;
            const uint32_t half = half_of(x);
            q[at] = static_cast<uint16_t>(half);
            q_rest[at] = static_cast<uint16_t>(half_of(rest_of(x, half)));
        }
        __syncthreads();
    }

    /// Scores of the positions of a tile that lie in [begin, end), by a warp. The lane (g, t) loads elements
    /// 8t ... of each 32 of positions g and g + 8, which makes a product's depth another order of the
    /// elements: of both sides.
    TENDRIL_DEVICE void score(int start, unsigned column0, int begin, int end) const {
        const unsigned g = threadIdx.x % 32 / 4;
        const unsigned t = threadIdx.x % 4;
        const unsigned char* keys[2];
        unsigned slot[2];
        bool here[2];
#pragma unroll
        for (unsigned r = 0; r < 2; ++r) {
            const unsigned column = column0 + g + 8 * r;
            const int position = start + static_cast<int>(column);
            here[r] = position >= begin && position < end;
            const unsigned place = here[r] ? places[column] : 0;
            keys[r] = head_of(a.planes, a.kv_heads, false, place / kPage, kv_head);
            slot[r] = place % kPage;
        }
        float scores[4] = {};
#pragma unroll 2
        for (unsigned block = 0; block < padded() / 32; ++block) {
            uint32_t key[2][4] = {};
            float scale[2] = {};
#pragma unroll
            for (unsigned r = 0; r < 2; ++r) {
                if (here[r]) {
                    load_halves<T>(keys[r], piece_index(false, block * 4 + t, slot[r], padded()), key[r]);
                    scale[r] =
                        load_kv_scale<T>(a.planes, keys[r], scale_index(false, block, slot[r], padded()));
                }
            }
            const unsigned at = g * query_pitch(padded()) + block * 32 + t * 8;
            const uint4 x = *reinterpret_cast<const uint4*>(q + at);
            const uint4 y = *reinterpret_cast<const uint4*>(q_rest + at);
            float sum[4] = {};
            mma_f16_16x8x16(sum, {key[0][0], key[1][0], key[0][1], key[1][1]}, {x.x, x.y});
            mma_f16_16x8x16(sum, {key[0][2], key[1][2], key[0][3], key[1][3]}, {x.z, x.w});
            mma_f16_16x8x16(sum, {key[0][0], key[1][0], key[0][1], key[1][1]}, {y.x, y.y});
            mma_f16_16x8x16(sum, {key[0][2], key[1][2], key[0][3], key[1][3]}, {y.z, y.w});
#pragma unroll
            for (unsigned i = 0; i < 4; ++i) {
                scores[i] = fmaf(sum[i], scale[i / 2], scores[i]);
            }
        }
#pragma unroll
        for (unsigned i = 0; i < 4; ++i) {
            const unsigned column = column0 + g + i / 2 * 8;
            const unsigned query = 2 * t + i % 2;
            const int position = start + static_cast<int>(column);
            float score = scores[i];
            if (a.softcap > 0.0F) {
                score = a.softcap * tanhf(score / a.softcap);
            }
            const bool seen = query < count && position >= begin_of(query) && position < end_of(query);
            if (here[i / 2]) {
                weights[query * kChunk + column] = seen ? score : minus_infinity();
            }
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
        __syncthreads();
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
            for (unsigned column = threadIdx.x / 32 * kTile; column < kChunk; column += kWarps * kTile) {
                const int position = start + static_cast<int>(column);
                if (position < end && position + static_cast<int>(kTile) > begin) {
                    score(start, column, begin, end);
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

    /// What a warp's positions (64 of the chunk) give to 32 elements: the lane (g, t) has query g, elements
    /// 8t ... It loads elements 4g ... of positions 4t ... 4t + 3 of each 16.
    TENDRIL_DEVICE void mix_block(unsigned block, float (&mixed)[kPiece]) const {
        const unsigned g = threadIdx.x % 32 / 4;
        const unsigned t = threadIdx.x % 4;
        float sums_of_columns[4][4] = {};
#pragma unroll 2
        for (unsigned tile = 0; tile < kChunk / kWarps; tile += kTile) {
            const unsigned column = threadIdx.x / 32 * (kChunk / kWarps) + tile + 4 * t;
            const float4 row = *reinterpret_cast<const float4*>(weights + g * kChunk + column);
            float weight[4] = {row.x, row.y, row.z, row.w};
            uint32_t value[4][2] = {};
#pragma unroll
            for (unsigned i = 0; i < 4; ++i) {
                const unsigned place = places[column + i];
                if (place != kNowhere) {
                    const unsigned char* const values =
                        head_of(a.planes, a.kv_heads, true, place / kPage, kv_head);
                    const unsigned slot = place % kPage;
                    const SplitScale scale = split_scale(
                        load_kv_scale<T>(a.planes, values, scale_index(true, block, slot, padded())));
                    load_four<T>(values, piece_index(true, block * 4, slot, padded()) * 2 + g, scale.power,
                                 value[i]);
                    // A position that the row does not see counts for nothing, whatever its scale.
                    weight[i] = weight[i] != 0.0F ? weight[i] * kWeightUnit * scale.rest : 0.0F;
                }
            }
            uint32_t half[4];
            uint32_t rest[4];
#pragma unroll
            for (unsigned i = 0; i < 4; ++i) {
                half[i] = half_of(weight[i]);
                rest[i] = half_of(rest_of(weight[i], half[i]));
            }
            const uint32_t by[4] = {half[0] | half[1] << 16, 0, half[2] | half[3] << 16, 0};
            const uint32_t by_rest[4] = {rest[0] | rest[1] << 16, 0, rest[2] | rest[3] << 16, 0};
#pragma unroll
            for (unsigned i = 0; i < 4; ++i) {
                const uint32_t* const p = value[0] + i / 2;
                const uint32_t* const r = value[1] + i / 2;
                const uint32_t* const u = value[2] + i / 2;
                const uint32_t* const v = value[3] + i / 2;
                const uint32_t columns[2] = {i % 2 == 0 ? low_halves(*p, *r) : high_halves(*p, *r),
                                             i % 2 == 0 ? low_halves(*u, *v) : high_halves(*u, *v)};
                mma_f16_16x8x16(sums_of_columns[i], by, columns);
                mma_f16_16x8x16(sums_of_columns[i], by_rest, columns);
            }
        }
#pragma unroll
        for (unsigned i = 0; i < kPiece; ++i) {
            mixed[i] = sums_of_columns[i % 4][i / 4];
        }
    }

    /// The chunk's values by their weights, 32 elements at a time: the warps' parts are added in their order,
    /// and taken by `take`(place in [query][padded], value).
    template <typename Take>
    TENDRIL_DEVICE void mix(const Take& take) const {
        const unsigned g = threadIdx.x % 32 / 4;
        const unsigned t = threadIdx.x % 4;
        for (unsigned block = 0; block < padded() / 32; ++block) {
            float mixed[kPiece];
            mix_block(block, mixed);
            // Two spaces in turn: who is late with one still finds it while others write the other.
            float* const parts = space + block % 2 * kPartFloats;
            float4* const own =
                reinterpret_cast<float4*>(parts + (threadIdx.x / 32 * kQueries + g) * 32 + t * kPiece);
            own[0] = make_float4(mixed[0], mixed[1], mixed[2], mixed[3]);
            own[1] = make_float4(mixed[4], mixed[5], mixed[6], mixed[7]);
            __syncthreads();
            for (unsigned i = threadIdx.x; i < kQueries * 32; i += kThreads) {
                float sum = parts[i];
#pragma unroll
                for (unsigned warp = 1; warp < kWarps; ++warp) {
                    sum += parts[warp * kQueries * 32 + i];
                }
                take(i / 32 * padded() + block * 32 + i % 32, sum * (1.0F / kWeightUnit));
            }
        }
        __syncthreads();
    }

    /// One element and a chunk's: both are scaled to the larger of the two maxima.
    TENDRIL_DEVICE static float fold(float sum, float sum_most, float part, float part_most) {
        const float top = fmaxf(sum_most, part_most);
        return top == minus_infinity() ? sum : fmaf(sum, expf(sum_most - top), part * expf(part_most - top));
    }

    /// Mixes a chunk and folds it into the sums.
    TENDRIL_DEVICE void fold_chunk() const {
        mix([&](unsigned at, float value) {
            const unsigned j = at / padded();
            sums[at] = fold(sums[at], run_most[j], value, most[j]);
        });
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

    /// Mixes a chunk for the block that comes last.
    TENDRIL_DEVICE void publish(unsigned split) const {
        float* const to = part(split);
        mix([&](unsigned at, float value) { to[at] = value; });
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
    auto* const q = reinterpret_cast<uint16_t*>(shared);
    float* const sums = shared + kQueries * query_pitch(padded);
    float* const weights = sums + kQueries * padded;
    float* const space = weights + kQueries * kChunk;
    unsigned* const places = reinterpret_cast<unsigned*>(space + space_floats(padded));
    float* const small = space + space_floats(padded) + kChunk;
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
                           q + kQueries * query_pitch(padded),
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
        if (split) {
            attend.publish(chunk);
        } else {
            attend.fold_chunk();
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
