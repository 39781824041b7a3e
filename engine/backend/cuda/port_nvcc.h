// SPDX-License-Identifier: Apache-2.0
// port.h's device functions for nvcc: the inline PTX. Included by port.h only; the contracts stated here bind
// the emulator as well (tests/cuda/emulator/device_port.h).
#pragma once

namespace tendril::cuda {

TENDRIL_DEVICE uint32_t shared_address(const void* p) {
    return static_cast<uint32_t>(__cvta_generic_to_shared(p));
}

// Copies 16 bytes from global to shared memory (both 16-byte aligned); of them the first `bytes`, the rest
// zeros. Done at the latest when copy_async_wait returns; other threads see it after a barrier behind that.
TENDRIL_DEVICE void copy_async_16(void* to, const void* from, int bytes = 16) {
#if TENDRIL_ARCH >= 800
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to)), "l"(from),
                 "r"(bytes)
                 : "memory");
#else
    uint4 value = make_uint4(0, 0, 0, 0);
    if (bytes == 16) {
        value = *static_cast<const uint4*>(from);
    } else {
        for (int i = 0; i < bytes; ++i) {
            reinterpret_cast<unsigned char*>(&value)[i] = static_cast<const unsigned char*>(from)[i];
        }
    }
    *static_cast<uint4*>(to) = value;
#endif
}
// Closes the group of the copies begun by this thread since the last commit.
TENDRIL_DEVICE void copy_async_commit() {
#if TENDRIL_ARCH >= 800
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}
// Waits until at most N of this thread's latest groups are still under way.
template <int N>
TENDRIL_DEVICE void copy_async_wait() {
#if TENDRIL_ARCH >= 800
    asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
#endif
}

// Four (two) 8x8 matrices of 16-bit values; lane 8*m + r gives the address of row r of matrix m (16 bytes,
// aligned).
TENDRIL_DEVICE void load_matrix_x4(uint32_t (&r)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(shared_address(row))
                 : "memory");
}
TENDRIL_DEVICE void load_matrix_x2(uint32_t (&r)[2], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1])
                 : "r"(shared_address(row))
                 : "memory");
}
// The same, each matrix transposed on the way.
TENDRIL_DEVICE void load_matrix_x4_transposed(uint32_t (&r)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(shared_address(row))
                 : "memory");
}
TENDRIL_DEVICE void load_matrix_x2_transposed(uint32_t (&r)[2], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1])
                 : "r"(shared_address(row))
                 : "memory");
}

// d (16x8, f32) += a (16x16, f16, by rows) * b (16x8, f16, by columns); fragments as in the PTX ISA,
// mma.m16n8k16.
TENDRIL_DEVICE void mma_f16_16x8x16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if TENDRIL_ARCH >= 800
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#elif TENDRIL_ARCH >= 750
    for (int half = 0; half < 2; ++half) {  // Turing has the half step only
        asm volatile(
            "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3},{%4,%5},{%6},{%0,%1,%2,%3};"
            : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
            : "r"(a[2 * half]), "r"(a[2 * half + 1]), "r"(b[half]));
    }
#endif
}
// d (16x8, s32) += a (16x32, s8, by rows) * b (32x8, s8, by columns); fragments as in the PTX ISA,
// mma.m16n8k32.
TENDRIL_DEVICE void mma_s8_16x8x32(int (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if TENDRIL_ARCH >= 800
    asm volatile(
        "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
        : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#elif TENDRIL_ARCH >= 750
    for (int part = 0; part < 4;
         ++part) {  // Turing: a quarter at a time, rows 0-7 and 8-15, depth 0-15 and 16-31
        const int rows = part & 1;
        asm volatile("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%0,%1},{%2},{%3},{%0,%1};"
                     : "+r"(d[2 * rows]), "+r"(d[2 * rows + 1])
                     : "r"(a[part]), "r"(b[part / 2]));
    }
#endif
}

// c + the four products of the signed bytes of a and b.
TENDRIL_DEVICE int dot4(int a, int b, int c) {
    return __dp4a(a, b, c);
}

// The sum (the largest) of v over a whole warp, in every lane, in the order of a butterfly: 16, 8, 4, 2, 1.
TENDRIL_DEVICE float warp_sum(float v) {
#pragma unroll
    for (int offset = 16; offset > 0; offset /= 2) {
        v += __shfl_xor_sync(0xffffffffu, v, offset);
    }
    return v;
}
TENDRIL_DEVICE float warp_max(float v) {
#pragma unroll
    for (int offset = 16; offset > 0; offset /= 2) {
        v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, offset));
    }
    return v;
}

// A load of something that is read once (weights): it leaves the cache first. T: 1, 2, 4, 8 or 16 bytes,
// aligned.
template <class T>
TENDRIL_DEVICE T load_streaming(const T* p) {
    return __ldcs(p);
}

// All threads of all blocks of a cooperative launch meet here.
TENDRIL_DEVICE void grid_sync() {
    cooperative_groups::this_grid().sync();
}

}  // namespace tendril::cuda
