// Parts, sizes and errors; tests/golden/bert_gpt_test.cpp compares the numbers with PyTorch.
#include "nn/models/bert.h"

#include "nn/models/pretrained.h"
#include "tests/nn/padding.h"
#include "tests/testing.h"

namespace heed::nn {

static BertOptions tiny() {
  return {
      .vocab_size = 11, .max_positions = 6, .d_model = 8, .nhead = 2, .num_layers = 2, .dim_feedforward = 12};
}
static const IntTensor two_texts{{1, 5, 2, 0}, {1, 7, 8, 2}};

TEST(Bert, ThePublishedSizeHasThePublishedNumberOfParameters) {
  Generator gen(0);
  const NoInit no_init;
  EXPECT_EQ(Bert(bert_base_uncased(), gen).parameter_count(), 109'482'240);
}

TEST(Bert, EveryTokenAttendsToEveryTokenButNotToPadding) {
  Generator gen(1);
  Bert bert(tiny(), gen);
  bert.eval();
  const Mask mask = padding({3, 4}, 4);
  const Tensor y = bert.forward(two_texts, {.mask = mask});
  EXPECT_EQ(y.shape(), (Shape{2, 4, 8}));
  IntTensor changed = two_texts;
  changed.values()[3] = 9;  // padding of the first text
  expect_same_bits(bert.forward(changed, {.mask = mask})[0].slice(0, 0, 3), y[0].slice(0, 0, 3));
  changed.values()[2] = 9;  // its last token: all of them see it
  const Tensor z = bert.forward(changed, {.mask = mask});
  for (index_t t = 0; t < 3; ++t) EXPECT_GT(max_abs_difference(z[0][t], y[0][t]), 1e-4);
  expect_same_bits(z[1], y[1]);
}

TEST(Bert, SegmentsAndPositionsChangeTheOutput) {
  Generator gen(2);
  Bert bert(tiny(), gen);
  bert.eval();
  const Tensor first = bert(IntTensor{{5, 5, 5}});
  EXPECT_GT(max_abs_difference(first[0][0], first[0][1]), 1e-4);
  expect_same_bits(bert.forward({{5, 5, 5}}, {.segments = {{0, 0, 0}}}), first);
  EXPECT_GT(max_abs_difference(bert.forward({{5, 5, 5}}, {.segments = {{0, 0, 1}}}), first), 1e-4);
}

TEST(Bert, TheHeadOfMaskedPositionsEqualsTheFullHeadThere) {
  Generator gen(3);
  BertForMaskedLM bert(tiny(), gen);
  bert.eval();
  const Tensor hidden = bert.bert(two_texts);  // (2, 4, 8)
  const Tensor some = embedding(hidden.reshape({8, 8}), {1, 6});
  const Tensor all = bert(two_texts).reshape({8, 11});
  expect_close(bert.head(some)[0], all[1]);
  expect_close(bert.head(some)[1], all[6]);
}

TEST(Bert, TheOutputLayerIsTiedToTheEmbedding) {
  Generator gen(4);
  BertForMaskedLM bert(tiny(), gen);
  const Tensor loss = sum(bert(two_texts));
  loss.backward();
  bert.check_all_named(sum(bert(two_texts)));
  // Tokens that do not occur in the input also get a gradient, through the tied output layer.
  EXPECT_GT(sum(abs(bert.bert.embeddings.word_embeddings.weight.grad()[10])).item(), 0);
}

TEST(Bert, TheClassIsComputedFromTheFirstToken) {
  Generator gen(5);
  BertForClassification bert({.bert = tiny(), .num_classes = 3}, gen);
  bert.eval();
  const Tensor y = bert(two_texts);
  EXPECT_EQ(y.shape(), (Shape{2, 3}));
  const Tensor hidden = bert.bert(two_texts);
  expect_close(bert.classifier(tanh((*bert.bert.pooler)(hidden.slice(1, 0, 1)))).select(1, 0), y);
  expect_same_bits(bert.clone()(two_texts), y);
}

TEST(Bert, ErrorsNameTheCause) {
  Generator gen(6);
  Bert bert(tiny(), gen);
  EXPECT_EQ(error_of([&] {
              bert(IntTensor{{1, 2, 3, 4, 5, 6, 7}});
            }),
            "[Bert] expected at most 6 tokens, the number of positions, got 7");
  EXPECT_EQ(error_of([&] {
              bert(IntTensor{1, 2});
            }),
            "[Bert] expected ids (B, T) with at least one token, got (2)");
  EXPECT_EQ(error_of([&] {
              bert.forward({{1, 2}}, {.segments = {{0}}});
            }),
            "[Bert] expected segments of the shape of ids, (1, 2), got (1, 1)");
  EXPECT_EQ(error_of([&] {
              BertForMaskedLM(tiny(), gen).bert.pooled(zeros({1, 2, 8}));
            }),
            "[Bert] expected a model with a pooler, got one built with pooler = false");
  EXPECT_EQ(error_of([&] {
              auto o = tiny();
              o.nhead = 3;
              Bert wrong(o, gen);
            }),
            "[Bert] expected nhead to divide d_model, got nhead = 3 and d_model = 8");
  EXPECT_EQ(error_of([&] { Bert({.vocab_size = 3, .dim_feedforward = 4}, gen); }),
            "[Bert] expected d_model and nhead of at least 1, got 0 and 1");
  EXPECT_EQ(error_of([&] { BertForClassification({.bert = tiny(), .num_classes = 0}, gen); }),
            "[BertForClassification] expected num_classes of at least 1, got 0");
}

TEST(Bert, ItsConfigurationIsReadFromThePublishedMembers) {
  Config::Values values{
      {"vocab_size", 30522.0},          {"max_position_embeddings", 512.0},  {"type_vocab_size", 2.0},
      {"hidden_size", 768.0},           {"num_attention_heads", 12.0},       {"num_hidden_layers", 12.0},
      {"intermediate_size", 3072.0},    {"hidden_act", std::string("gelu")}, {"id2label.0", std::string("A")},
      {"id2label.1", std::string("B")}, {"id2label.2", std::string("C")}};
  const BertOptions o = Bert::from_config(values), base = bert_base_uncased();
  EXPECT_EQ(o.vocab_size, base.vocab_size);
  EXPECT_EQ(o.max_positions, base.max_positions);
  EXPECT_EQ(o.d_model, base.d_model);
  EXPECT_EQ(o.dim_feedforward, base.dim_feedforward);
  EXPECT_EQ(o.layer_norm_eps, base.layer_norm_eps);
  EXPECT_EQ(BertForClassification::from_config(values).num_classes, 3);
  values["hidden_act"] = std::string("relu");
  EXPECT_EQ(error_of([&] { Bert::from_config(values); }),
            "[config.json] 'hidden_act' is 'relu'; this model computes 'gelu'");
}

// The embedding of the padding is NaN; no output at real positions and no gradient may be NaN.
TEST(Bert, PaddingInfluencesNothing) {
  Generator gen(1);
  Bert bert(tiny(), gen);
  bert.eval();
  const Mask mask = padding({3, 4}, 4), real = mask.reshape({2, 4, 1});
  IntTensor ids = two_texts;
  ids.values()[3] = 10;  // used nowhere else
  for (const Mask& m : {mask, mask.expand({2, 4, 4})})
    expect_padding_ignored(bert, "", [&](double value) -> PaddedRun {
      {
        const NoGrad no_grad;
        bert.embeddings.word_embeddings.weight[10].fill_(value);
      }
      return {masked_fill(bert.forward(ids, {.mask = m}), !real, 0), {}};
    });
  EXPECT_EQ(error_of([&] {
              (void)bert.forward(ids, {.mask = padding({3}, 4).expand({3, 1, 4})});
            }),
            "[Bert] expected mask (T, S) = (4, 4), (B, T, S) = (2, 4, 4), (B, 1, S) or (B, H, T, S) = (2, 2, "
            "4, 4), got (3, 1, 4). Hint: padding(lengths, S) makes (B, 1, S), causal(T) makes (T, T).");
  const IntTensor square({{1, 2}, {3, 4}});
  expect_contains(error_of([&] {
                    (void)bert.forward(square, {.mask = Mask::of({{1, 0}, {1, 1}})});
                  }),
                  "[Bert] expected a mask with one meaning, got (2, 2)");
}

}  // namespace heed::nn
