// diagram.h — diagrams of models as SVG files: tensors with their shapes, and the ops between them.
//
// All diagrams share one visual language. A rounded box is a tensor with its name and its shape, a
// plain box is an op, a coloured line around an op is a residual connection, and a frame is a block
// that is repeated. Shapes are those of tensors, so that a diagram changes with the model. The
// colours follow the reader's light or dark scheme, and the drawings are narrow enough for a phone.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "autograd/shape.h"

namespace heed::lessons {

// The position and the size of an element of a diagram, in pixels.
struct DiagramBox {
  double x = 0, y = 0;  // the middle of the top edge
  double width = 0, height = 0;

  double left() const { return x - width / 2; }
  double right() const { return x + width / 2; }
  double bottom() const { return y + height; }
  double middle() const { return y + height / 2; }
};

// Small squares, for example the patches of an image or the tokens of a sequence.
struct DiagramCells {
  index_t rows = 1, columns = 1;
  double side = 20;
  std::function<std::string(index_t row, index_t column)> name = {};  // written into the cell
  std::function<bool(index_t row, index_t column)> accent = {};       // cells in the second colour
  index_t block = 0;  // a thick line every `block` cells, for the borders of windows; 0: none
};

class Diagram {
 public:
  // `description` says in a sentence what the diagram shows: screen readers read it aloud.
  Diagram(std::string title, std::string description, double width);

  // Elements whose top edge has its middle at (x, y).
  DiagramBox tensor(double x, double y, double width, const std::string& name, const Shape& shape);
  // Lines of the name are consecutive ops in one box.
  DiagramBox op(double x, double y, double width, const std::string& name);
  DiagramBox sum(double x, double y);  // the "+" at which a residual connection ends
  DiagramBox cells(double x, double y, const DiagramCells& options);

  // From the bottom of one element to the top of another: straight down if possible, otherwise
  // around two corners.
  void arrow(const DiagramBox& from, const DiagramBox& to);
  // From the right or left side of an element to the nearer side of another; if they are not at the
  // same height, with a vertical part at `x`.
  void side_arrow(const DiagramBox& from, const DiagramBox& to, double x = 0);
  // Around the ops between two elements, with its vertical part at `x`, left or right of them.
  void residual(const DiagramBox& from, const DiagramBox& to, double x);
  // A frame behind the elements from `first` to `last`, with its label in an upper corner.
  enum class Corner { left, right };
  void frame(const DiagramBox& first, const DiagramBox& last, double width, const std::string& label,
             Corner corner = Corner::right);
  // Text that begins at (x, y), or has its middle there.
  void note(double x, double y, const std::string& text, bool centred = false);
  // Lines of text that begin at (x, y). Returns the position of the last line.
  double notes(double x, double y, const std::vector<std::string>& lines);

  std::string svg() const;

 private:
  void include(const DiagramBox& box);
  void route(const std::string& path, double x, double y, double dx, double dy, const char* kind);

  std::string title_, description_;
  double width_, height_ = 0;
  std::string frames_ = {}, lines_ = {}, boxes_ = {};
};

// Elements below one another, connected by arrows.
class DiagramColumn {
 public:
  DiagramColumn(Diagram& diagram, double x, double y, double width)
      : diagram_(diagram), x_(x), y_(y), width_(width) {}

  DiagramBox tensor(const std::string& name, const Shape& shape);
  DiagramBox op(const std::string& name);
  DiagramBox sum();
  DiagramBox cells(const DiagramCells& options);
  // Leaves room before the next element.
  void skip(double height) { y_ += height; }
  double x() const { return x_; }
  // The next element has no arrow from the one before it.
  void restart() { last_.reset(); }
  double y() const { return y_; }

 private:
  DiagramBox append(const DiagramBox& box);

  Diagram& diagram_;
  double x_, y_, width_;
  std::optional<DiagramBox> last_ = {};
};

}  // namespace heed::lessons
