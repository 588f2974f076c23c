// The getters, and the validation against a table. config_text_test.cpp and config_vision_test.cpp
// test the tables of the models.
#include "nn/models/config.h"

#include "tests/testing.h"

namespace heed::nn {
namespace {

using Values = Config::Values;
using Value = Config::Value;

Value text(const char* value) { return std::string(value); }

TEST(Config, ReturnsMembersOfTheirKindAndNamesMissingOnes) {
  const Config config(Config::Values{{"n", 3.0},
                                     {"x", 0.5},
                                     {"on", true},
                                     {"name", std::string("gelu")},
                                     {"depths.0", 2.0},
                                     {"depths.1", 6.0}});
  EXPECT_EQ(config.integer("n"), 3);
  EXPECT_EQ(config.number("x"), 0.5);
  EXPECT_TRUE(config.boolean("on"));
  EXPECT_EQ(config.string("name"), "gelu");
  EXPECT_EQ(config.integers("depths"), (std::vector<index_t>{2, 6}));
  EXPECT_EQ(config.integer_or("m", 7), 7);
  EXPECT_EQ(config.number_or("m", 0.1), 0.1);
  EXPECT_EQ(config.string_or("m", "relu"), "relu");
  EXPECT_FALSE(config.boolean_or("m", false));
  EXPECT_EQ(error_of([&] { config.integer("m"); }),
            "[config.json] expected 'm', an integer, got no such member");
  EXPECT_EQ(error_of([&] { config.integer("x"); }), "[config.json] 'x' must be an integer, got 0.5");
  EXPECT_EQ(error_of([&] { config.boolean_or("name", true); }),
            "[config.json] 'name' must be true or false, got 'gelu'");
  EXPECT_EQ(error_of([&] { config.integers("n"); }),
            "[config.json] expected 'n', a list of integers, got no such member");
  EXPECT_EQ(error_of([&] { config.must_be("name", "relu"); }),
            "[config.json] 'name' is 'gelu'; this model computes 'relu'");
}

TEST(Config, ErrorsNameTheFile) {
  const Config config({{"n", text("3")}}, "gpt2/config.json");
  EXPECT_EQ(error_of([&] { config.integer("n"); }),
            "[config.json] gpt2/config.json: 'n' must be an integer, got '3'");
  EXPECT_EQ(error_of([&] { config.validated({}); }),
            "[config.json] gpt2/config.json: unknown member 'n' = '3', which may change what is computed. "
            "Hint: if it "
            "does not, remove it from config.json");
}

constexpr ConfigMember table[] = {
    {"width", MemberKind::size},
    {"layers", MemberKind::count, "null"},
    {"pad", MemberKind::id},
    {"dropout", MemberKind::rate},
    {"eps", MemberKind::epsilon},
    {"patch", MemberKind::square},
    {"depths", MemberKind::sizes},
    {"id2label", MemberKind::labels, "null"},
    {"num_labels", MemberKind::size},
    {"act", MemberKind::fixed, "'gelu' | 'gelu_python'"},
    {"bias", MemberKind::fixed, "true"},
    {"dilation", MemberKind::fixed, "false | null"},
    {"drop_path", MemberKind::fixed, "0"},
    {"hidden_size", MemberKind::alias, "width"},
    {"seed", MemberKind::unused},
    {"kwargs", MemberKind::fixed, "null"},
    {"kwargs.out", MemberKind::sizes},
};

std::string rejected(const Values& values) {
  return error_of([&] { Config(values).validated({table}); });
}

TEST(Config, AValueOfAnotherTypeOrRangeIsRejectedWithItsName) {
  const std::string size = "[config.json] 'width' must be an integer from 1 to 16777216, got ";
  EXPECT_EQ(rejected({{"width", text("64")}}), size + "'64'");
  EXPECT_EQ(rejected({{"width", -1.0}}), size + "-1");
  EXPECT_EQ(rejected({{"width", 0.0}}), size + "0");
  EXPECT_EQ(rejected({{"width", 2.5}}), size + "2.5");
  EXPECT_EQ(rejected({{"width", 1e300}}), size + "1e+300");
  EXPECT_EQ(rejected({{"width", 16777217.0}}), size + "16777217");
  EXPECT_EQ(rejected({{"width", true}}), size + "true");
  EXPECT_EQ(rejected({{"width", nullptr}}), size + "null");
  EXPECT_EQ(rejected({{"width", std::monostate()}}), size + "an empty list or object");
  EXPECT_EQ(rejected({{"width.0", 3.0}}), "[config.json] 'width' must be a number, got 'width.0' = 3");
  EXPECT_EQ(rejected({{"hidden_size", -2.0}}),
            "[config.json] 'hidden_size' must be an integer from 1 to 16777216, got -2");
  EXPECT_EQ(rejected({{"layers", 1e6}}),
            "[config.json] 'layers' must be an integer from 0 to 4096, got 1e+06");
  EXPECT_EQ(rejected({{"pad", -1.0}}), "[config.json] 'pad' must be an integer from 0 to 16777216, got -1");
  EXPECT_EQ(rejected({{"dropout", 1.5}}), "[config.json] 'dropout' must be a number from 0 to 1, got 1.5");
  EXPECT_EQ(rejected({{"eps", -1e-5}}), "[config.json] 'eps' must be a number from 0 to 1, got -1e-05");
  EXPECT_EQ(rejected({{"depths", 3.0}}), "[config.json] 'depths' must be a list of integers, got 3");
  EXPECT_EQ(rejected({{"depths.0", 1.0}, {"depths.1", false}}),
            "[config.json] 'depths.1' must be an integer from 1 to 16777216, got false");
  EXPECT_EQ(rejected({{"patch", text("4")}}),
            "[config.json] 'patch' must be an integer from 1 to 16777216, got '4'");
  EXPECT_EQ(rejected({{"id2label", 3.0}}),
            "[config.json] 'id2label' must be an object with one entry for each class, got 3");
}

TEST(Config, AnUnsupportedValueIsRejectedWithItsName) {
  EXPECT_EQ(rejected({{"act", text("relu")}}), "[config.json] 'act' is 'relu'; this model computes 'gelu'");
  EXPECT_EQ(rejected({{"act", nullptr}}), "[config.json] 'act' is null; this model computes 'gelu'");
  EXPECT_EQ(rejected({{"bias", false}}),
            "[config.json] 'bias' is false; this model computes as if it were true");
  EXPECT_EQ(rejected({{"dilation", true}}),
            "[config.json] 'dilation' is true; this model computes as if it were false");
  EXPECT_EQ(rejected({{"drop_path", 0.1}}),
            "[config.json] 'drop_path' is 0.1; this model computes as if it were 0");
  EXPECT_EQ(rejected({{"kwargs.output_stride", 16.0}}),
            "[config.json] 'kwargs.output_stride' is 16; this model computes without it");
  EXPECT_EQ(rejected({{"width", 4.0}, {"hidden_size", 8.0}}),
            "[config.json] 'hidden_size' is 8, but 'width' is 4; expected the same value, because both name "
            "one setting");
}

// A DistilBERT file begins with 'activation', which is unknown to BERT.
TEST(Config, AnotherFamilyIsNamedBeforeItsMembers) {
  static constexpr ConfigMember family[] = {{"model_type", MemberKind::fixed, "'bert'"},
                                            {"architectures", MemberKind::fixed, "'BertModel' | null"},
                                            {"width", MemberKind::size}};
  const auto error = [](const Values& values) {
    return error_of([&] { Config(values).validated({family}); });
  };
  EXPECT_EQ(error({{"activation", text("gelu")},
                   {"architectures.0", text("DistilBertForMaskedLM")},
                   {"model_type", text("distilbert")},
                   {"width", 0.5}}),
            "[config.json] 'model_type' is 'distilbert'; this model computes 'bert'");
  EXPECT_EQ(error({{"activation", text("gelu")}, {"architectures.0", text("Other")}}),
            "[config.json] 'architectures.0' is 'Other'; this model computes 'BertModel'");
  EXPECT_EQ(error({{"architectures.0", text("BertModel")}, {"model_type", text("bert")}, {"width", 0.5}}),
            "[config.json] 'width' must be an integer from 1 to 16777216, got 0.5");
}

TEST(Config, ValuesOfTheTableAreAccepted) {
  const Config config = Config(Values{{"hidden_size", 4.0},
                                      {"layers", nullptr},
                                      {"act", text("gelu_python")},
                                      {"dilation", nullptr},
                                      {"kwargs", std::monostate()},
                                      {"kwargs.out.0", 4.0},
                                      {"seed", text("any")},
                                      {"_private", 3.0},
                                      {"unknown", nullptr},
                                      {"drop_path", 0.0}})
                            .validated({table});
  EXPECT_EQ(config.integer("width"), 4);
  EXPECT_FALSE(config.has("layers"));
  EXPECT_FALSE(config.has("seed"));
  EXPECT_EQ(config.integers("kwargs.out"), std::vector<index_t>{4});
  EXPECT_EQ(Config(Values{{"width", 4.0}, {"hidden_size", 4.0}}).validated({table}).integer("width"), 4);
}

TEST(Config, TheFirstTablesRowCounts) {
  constexpr ConfigMember first[] = {{"bias", MemberKind::unused}};
  EXPECT_FALSE(Config(Values{{"bias", false}}).validated({first, table}).has("bias"));
}

TEST(Config, CountsTheClasses) {
  const auto classes = [](const Values& values) { return Config(values).validated({table}).classes(7); };
  EXPECT_EQ(classes({}), 7);
  EXPECT_EQ(classes({{"num_labels", 3.0}}), 3);
  EXPECT_EQ(classes({{"id2label.1", text("A")}, {"id2label.2", text("B")}}), 2);  // keys need not begin at 0
  EXPECT_EQ(classes({{"id2label.0", text("A")}, {"num_labels", 1.0}}), 1);
  EXPECT_EQ(error_of([&] {
              classes({{"id2label.0", text("A")}, {"num_labels", 2.0}});
            }),
            "[config.json] 'num_labels' is 2, but 'id2label' has 1; expected the same number of classes");
}

}  // namespace
}  // namespace heed::nn
