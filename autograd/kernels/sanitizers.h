// sanitizers.h — which sanitizers the file is compiled with, as 0 or 1. g++ defines macros, clang++
// reports features.
#pragma once

#if defined(__has_feature)
#define HEED_HAS_FEATURE(name) __has_feature(name)
#else
#define HEED_HAS_FEATURE(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || HEED_HAS_FEATURE(address_sanitizer)
#define HEED_ADDRESS_SANITIZER 1
#else
#define HEED_ADDRESS_SANITIZER 0
#endif

#if defined(__SANITIZE_THREAD__) || HEED_HAS_FEATURE(thread_sanitizer)
#define HEED_THREAD_SANITIZER 1
#else
#define HEED_THREAD_SANITIZER 0
#endif
