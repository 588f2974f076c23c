// sha256.h — the hash by which the Content-Security-Policy of a page names the scripts that may run.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace heed::book {

std::array<std::uint8_t, 32> sha256(std::string_view text);
// In base64, as a policy contains it: "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".
std::string sha256_source(std::string_view text);

}  // namespace heed::book
