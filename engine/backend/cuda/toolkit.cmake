# SPDX-License-Identifier: Apache-2.0
# Where the CUDA toolkit is, looked for once for the plugin and for the tests on the emulator: TENDRIL_NVCC,
# TENDRIL_CUDA_INCLUDE and TENDRIL_CUOBJDUMP, each false when it is missing. A set TENDRIL_CUDA_ROOT comes first, then what
# packaging/cuda-toolkit fetched, then the system's.
set(TENDRIL_CUDA_ROOT "" CACHE PATH "A CUDA toolkit, such as packaging/cuda-toolkit fetches")
set(fetched ${CMAKE_BINARY_DIR}/../cuda-toolkit)
find_program(TENDRIL_NVCC nvcc HINTS ${TENDRIL_CUDA_ROOT}/bin ${fetched}/bin ENV CUDA_PATH
  PATHS /usr/local/cuda/bin /usr/local/cuda-13.0/bin)
find_path(TENDRIL_CUDA_INCLUDE cuda_runtime_api.h HINTS ${TENDRIL_CUDA_ROOT} ${fetched} ENV CUDA_PATH
  PATHS /usr/local/cuda /usr/local/cuda-13.0 PATH_SUFFIXES include targets/x86_64-linux/include)
# With nvdisasm beside it; not part of all toolkits.
find_program(TENDRIL_CUOBJDUMP cuobjdump HINTS ${TENDRIL_CUDA_ROOT}/bin ${fetched}/bin ENV CUDA_PATH
  PATHS /usr/local/cuda/bin /usr/local/cuda-13.0/bin)
