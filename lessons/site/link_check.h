// link_check.h — whether all links of the finished pages lead somewhere.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace heed::book {

// `pages`: the HTML of each page by its path. Returns an error for each link to a page or an anchor
// that does not exist, and for each id that occurs twice on a page.
std::vector<std::string> link_errors(const std::map<std::string, std::string>& pages);

}  // namespace heed::book
