// json_object.h — builds a JSON object, one member at a time.
#pragma once

#include <string>
#include <vector>

#include "autograd/error.h"
#include "data/json.h"

namespace heed::runner {

class JsonObject {
 public:
  JsonObject& add(const std::string& key, const std::string& text) {
    return put(key, data::json_string(text));
  }
  JsonObject& add(const std::string& key, const char* text) { return add(key, std::string(text)); }
  JsonObject& add(const std::string& key, bool value) { return put(key, value ? "true" : "false"); }
  JsonObject& add(const std::string& key, int value) { return put(key, concat(value)); }
  JsonObject& add(const std::string& key, double value) { return put(key, concat(value)); }
  JsonObject& add(const std::string& key, const JsonObject& value) { return put(key, value.text()); }
  JsonObject& add(const std::string& key, const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& t : texts) all += (all.empty() ? "" : ", ") + data::json_string(t);
    return put(key, "[" + all + "]");
  }
  JsonObject& add(const std::string& key, const std::vector<JsonObject>& objects) {
    std::string all;
    for (const JsonObject& o : objects) all += (all.empty() ? "" : ",\n ") + o.text();
    return put(key, "[" + all + "]");
  }
  // Adds the member unless the text is empty.
  JsonObject& add_if(const std::string& key, const std::string& text) {
    return text.empty() ? *this : add(key, text);
  }

  std::string text() const { return "{" + members_ + "}"; }

 private:
  JsonObject& put(const std::string& key, const std::string& json) {
    members_ += (members_.empty() ? "" : ", ") + data::json_string(key) + ": " + json;
    return *this;
  }
  std::string members_;
};

}  // namespace heed::runner
