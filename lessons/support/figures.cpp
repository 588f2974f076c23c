#include "lessons/support/figures.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "autograd/error.h"
#include "lessons/support/svg_elements.h"

namespace heed::lessons {

static void make_folder(const std::string& dir) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  check(!error, "figures", "cannot create the folder ", dir, ": ", error.message(),
        ". Hint: --figures expects a folder that exists or can be created");
}

bool can_write_into(const std::string& dir) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path probe = fs::path(dir) / concat(".heed-probe.", getpid());
  const bool written = std::ofstream(probe).is_open();
  fs::remove(probe, error);
  return written;
}

void make_figures_folder(const std::string& dir) {
  make_folder(dir);
  check(can_write_into(dir), "figures", "cannot write into the folder ", dir,
        ". Hint: --figures expects a writable folder");
}

void write_figure(const FigureFolder& folder, const std::string& name, const std::string& svg) {
  namespace fs = std::filesystem;
  const std::string end = svg::close();
  check(svg.ends_with(end), "figures", "expected a complete figure ", name, ", got one without its end");
  const fs::path path = fs::path(folder.path) / name, part = path.string() + ".part";
  make_folder(folder.path);
  std::error_code error;
  {
    std::ofstream file(part, std::ios::binary);
    file << svg.substr(0, svg.size() - end.size()) << svg::source_text(folder.source) << end;
    file.flush();
    if (!file) {
      fs::remove(part, error);
      fail("figures", "cannot write ", path.string(), ". Hint: is the folder writable? Is the disk full?");
    }
  }
  fs::rename(part, path, error);
  check(!error, "figures", "cannot write ", path.string(), ": ", error.message());
}

}  // namespace heed::lessons
