#pragma once

/// Registers a decoder of H.264 that says it is hardware and is tried before all others. With `opens` 0 it cannot be opened;
/// else it opens and fails at its first picture. GStreamer must be running; the decoder stays until the process ends.
void register_failing_decoder(int opens);
