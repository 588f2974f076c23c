// table.inl — the table of one instruction set, filled with the functions of the files above.
template <class T>
const Kernels<T>& table() {
  static const Kernels<T> kernels = {.isa = ISA_NAME,
                                     .lanes = Vec<T>::lanes,
                                     .unary = unary<T>,
                                     .unary_backward = unary_backward<T>,
                                     .binary = binary<T>,
                                     .fill = fill<T>,
                                     .axpby = axpby<T>,
                                     .select = select_by<T>,
                                     .sum_rows = sum_rows<T>,
                                     .sum_columns = sum_columns<T>,
                                     .max_rows = max_rows<T>,
                                     .softmax_rows = softmax_rows<T>,
                                     .softmax_tile = softmax_tile<T>,
                                     .softmax_tile_backward = softmax_tile_backward<T>,
                                     .softmax_rows_backward = softmax_rows_backward<T>,
                                     .log_softmax_rows = log_softmax_rows<T>,
                                     .log_softmax_rows_backward = log_softmax_rows_backward<T>,
                                     .layer_norm = layer_norm<T>,
                                     .layer_norm_backward = layer_norm_backward<T>,
                                     .rms_norm = rms_norm<T>,
                                     .rms_norm_backward = rms_norm_backward<T>,
                                     .adam = adam<T>,
                                     .keep_bits = keep_bits,
                                     .drop = drop<T>,
                                     .gemm = &gemm_kernels<T>()};
  return kernels;
}
