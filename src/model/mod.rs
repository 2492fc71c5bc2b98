//! Networks: ONNX files read, planned and run.
