#include "data/text/table.h"

#include <algorithm>
#include <cstdlib>

#include "tests/data/text/testing.h"

namespace heed::data {
namespace {

TEST(Table, TsvKeepsQuotes) {
  const Table t = parse_table("id\tdocument\tlabel\n1\t\"좋다\t1\n2\t\t0\n", "t");
  EXPECT_EQ(t.columns, (Strings{"id", "document", "label"}));
  ASSERT_EQ(t.rows.size(), 2u);
  EXPECT_EQ(t.rows[0], (Strings{"1", "\"좋다", "1"}));
  EXPECT_EQ(t.rows[1], (Strings{"2", "", "0"})) << "fields may be empty";
}

TEST(Table, CsvReadsQuotedFields) {
  const Table t = parse_table(
      "\xEF\xBB\xBF"
      "a,b\r\n\"x, \"\"y\"\"\",\"two\nlines\"\r\n,\"\"\n3,4",
      "t", csv);
  EXPECT_EQ(t.columns, (Strings{"a", "b"}));
  ASSERT_EQ(t.rows.size(), 3u);
  EXPECT_EQ(t.rows[0], (Strings{"x, \"y\"", "two\nlines"}));
  EXPECT_EQ(t.rows[1], (Strings{"", ""}));
  EXPECT_EQ(t.rows[2], (Strings{"3", "4"}));
  EXPECT_EQ(t.lines, (std::vector<std::size_t>{2, 4, 5}));
}

TEST(Table, LinesEndInLfCrLfOrCr) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const Table t = parse_table("a,b" + end + "1,2" + end + "\"3" + end + "4\",5" + end, "t", csv);
    EXPECT_EQ(t.columns, (Strings{"a", "b"}));
    ASSERT_EQ(t.rows.size(), 2u);
    EXPECT_EQ(t.rows[0], (Strings{"1", "2"}));
    EXPECT_EQ(t.rows[1], (Strings{"3" + end + "4", "5"})) << "a quoted field keeps its line endings";
    EXPECT_EQ(t.lines, (std::vector<std::size_t>{2, 3}));
    EXPECT_EQ(parse_table("a\tb" + end + "1\t" + end + "\t2", "t").rows,
              (std::vector<Strings>{{"1", ""}, {"", "2"}}));
    EXPECT_EQ(error_of([&] { parse_table("a,b" + end + "\"1" + end + "\",2" + end + "3", "t", csv); }),
              "[table] t:4: expected 2 fields, as in the first line, got 1")
        << "line endings in a quoted field are counted";
  }
}

TEST(Table, RejectsAnInvalidRowWithItsLine) {
  const auto error = [](const std::string& text, const TableOptions& options) {
    return error_of([&] { parse_table(text, "t.csv", options); });
  };
  EXPECT_EQ(error("", {}),
            "[table] t.csv: expected the names of the columns in the first line, got an empty file");
  EXPECT_EQ(error("a\tb\n1\t2\n3\n", {}), "[table] t.csv:3: expected 2 fields, as in the first line, got 1");
  EXPECT_EQ(error("a\tb\n1\t2\t3\n", {}), "[table] t.csv:2: expected 2 fields, as in the first line, got 3");
  EXPECT_EQ(error("a,b\n1,\"2\n3,4\n", csv),
            "[table] t.csv:2: expected a closing quote of field 2, got the end of the text");
  EXPECT_EQ(error("a,b\n\"1\"x,2\n", csv),
            "[table] t.csv:2: expected the separator or the end of the line after quoted field 1, got \"x\"");
  EXPECT_EQ(
      error("a,b\n1,\xFF\n", csv),
      "[utf8] t.csv:2: byte 0: expected UTF-8, got 0xFF. Hint: InvalidUtf8::replace substitutes U+FFFD");
  const TableOptions replacing{.separator = ',', .quotes = true, .invalid_utf8 = InvalidUtf8::replace};
  EXPECT_EQ(parse_table("a,b\n1,\xFF\n", "t", replacing).rows[0][1], "\uFFFD");
}

TEST(Table, AnyBytesAreATableOrAnError) {
  Generator gen(3);
  int read = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string text = "a,b\n";
    for (std::size_t n = gen.below(30); n > 0; --n) text += "\"\",,\n\r\t x\xFF"[gen.below(10)];
    read += error_of([&] {
              const Table t = parse_table(text, "t", gen.below(2) == 0 ? csv : TableOptions{});
              for (const auto& row : t.rows) ASSERT_EQ(row.size(), t.columns.size());
            }).empty();
  }
  EXPECT_GT(read, 100);
}

TEST_F(TextFiles, ReadsLabelledTextsInTheFormatOfNsmc) {
  const auto reviews = read_labelled_texts(write("r.txt", "id\tdocument\tlabel\n9\t재밌다\t1\n8\t\t0\n"));
  EXPECT_EQ(reviews.texts, (Strings{"재밌다", ""}));
  EXPECT_EQ(reviews.labels, (Ids{1, 0}));
  EXPECT_EQ(
      error_of([&] { read_labelled_texts(write("r.txt", "id\tdocument\tlabel\n9\tx\t1\n8\ty\tbad\n")); }),
      "[table] " + path("r.txt") + ":3: expected a label from 0 to 999999, got \"bad\"");
  expect_contains(error_of([&] { read_labelled_texts(write("r.txt", "document\tlabel\nx\t-1\n")); }),
                  "expected a label from 0 to 999999, got \"-1\"");
  EXPECT_EQ(error_of([&] { read_labelled_texts(write("r.txt", "id\ttext\tlabel\n")); }),
            "[table] " + path("r.txt") + ": expected a column \"document\", got \"id\", \"text\", \"label\"");
}

// Reads the published files if the environment variable HEED_NSMC contains their folder.
TEST(Table, ReadsTheReviewsOfNsmc) {
  const char* folder = std::getenv("HEED_NSMC");
  if (!folder) GTEST_SKIP() << "set HEED_NSMC to the folder with the reviews";
  const auto reviews = read_labelled_texts(std::string(folder) + "/test.tsv");
  EXPECT_EQ(reviews.texts.size(), 5000u);
  EXPECT_EQ(std::count(reviews.labels.begin(), reviews.labels.end(), 1), 2500);
}

}  // namespace
}  // namespace heed::data
