# SPDX-License-Identifier: Apache-2.0
# The files of the CUDA backend: for the plugin (nvcc) and for the tests (emulator).
set(TENDRIL_CUDA_KERNELS attention.cu halves.cu draw.cu kv_store.cu matmul_floats.cu matmul_tiles.cu matmul_vectors.cu quantise.cu rows.cu)
set(TENDRIL_CUDA_HOST copy_stream.cpp cuda_attention.cpp cuda_backend.cpp cuda_blas.cpp cuda_draw.cpp cuda_error.cpp cuda_matmul.cpp cuda_pages.cpp cuda_sublayers.cpp cuda_weight.cpp
  launch_queue.cpp launcher.cpp pack_rows.cpp page_tier.cpp step_tables.cpp)
