#include "nn/state_report.h"

#include <sstream>
#include <utility>

namespace heed::nn {

void StateReport::missing(const std::string& name) { missing_ += concat(" '", name, "'"); }

void StateReport::unexpected(const std::string& name, const std::string& hint) {
  unexpected_ += concat(" '", name, "'", hint);
}

void StateReport::repeated(const std::string& name) { repeated_ += concat(" '", name, "'"); }

void StateReport::wrong_shape(const std::string& name, const Tensor& received, const Shape& expected) {
  std::ostringstream line;
  line << " '" << name << "' expected " << expected << ", got ";
  describe(line, received);
  wrong_shape_ += line.str() + ";";
}

bool StateReport::empty() const {
  return missing_.empty() && unexpected_.empty() && repeated_.empty() && wrong_shape_.empty();
}

std::ostream& operator<<(std::ostream& out, const StateReport& report) {
  const std::pair<const char*, const std::string&> lines[] = {{"missing", report.missing_},
                                                              {"unexpected", report.unexpected_},
                                                              {"repeated", report.repeated_},
                                                              {"wrong shape", report.wrong_shape_}};
  for (const auto& [label, names] : lines)
    if (!names.empty()) out << "\n  " << label << ":" << names;
  return out;
}

}  // namespace heed::nn
