#include "lessons/runner/stub.h"

#include "autograd/error.h"
#include "lessons/runner/text.h"

namespace heed::runner {

std::string stub_of(const std::string& solution) {
  static const std::string begins = "// solution: ", ends = "// end";
  std::string stub;
  bool inside = false;
  for (const std::string& line : lines_of(solution)) {
    const std::string text = trimmed(line);
    if (!inside && starts_with(text, begins)) {
      stub += line.substr(0, line.find(begins)) + "todo(\"" + text.substr(begins.size()) + "\");\n";
      inside = true;
    } else if (inside) {
      inside = text != ends;
    } else {
      stub += line + "\n";
    }
  }
  check(!inside, "stub", "no \"", ends, "\" closes what \"", begins, "…\" opens");
  return stub;
}

}  // namespace heed::runner
