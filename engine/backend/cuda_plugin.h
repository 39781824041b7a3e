/* SPDX-License-Identifier: Apache-2.0 */
/* The C interface of the CUDA plugin (libtendril-cuda.so), which is loaded at run time so that the program
   starts without a driver. No CUDA types. The plugin fills the table; the program calls it on the engine
   thread. */
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when this file changes. */
#define TENDRIL_CUDA_PLUGIN_ABI 1u
#define TENDRIL_CUDA_PLUGIN_ENTRY "tendril_cuda_plugin"

/* An error: code as tendril::ErrorCode, a sentence for a person, a detail for the log. */
typedef struct TendrilCudaError {
    int32_t code;
    char message[512];
    char detail[256];
} TendrilCudaError;

typedef struct TendrilCudaDevice {
    char name[256];
    uint64_t free_bytes;
    uint64_t total_bytes;
    int32_t major;
    int32_t minor;
} TendrilCudaDevice;

typedef struct TendrilCudaPlugin {
    uint32_t abi;
    /* What made the plugin: create() gives an object of C++, so it must equal the program's own, byte for
     * byte. */
    const char* build;
    /* Of the installed driver, as CUDA numbers it (13000 = 13.0); 0: there is no driver. */
    int32_t (*driver_version)(void);
    int32_t driver_needed;
    /* 0, or -1 and an error. */
    int32_t (*count)(int32_t* devices, TendrilCudaError* error);
    int32_t (*probe)(int32_t device, TendrilCudaDevice* to, TendrilCudaError* error);
    /* A tendril::engine::Backend to be deleted by the caller, or null and an error. */
    void* (*create)(int32_t device, TendrilCudaError* error);
} TendrilCudaPlugin;

typedef const TendrilCudaPlugin* (*TendrilCudaPluginEntry)(void);

#ifdef __cplusplus
}
#endif
