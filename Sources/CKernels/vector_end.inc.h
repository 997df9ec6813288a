// Ends what vector.inc.h began.
#undef SUFFIX
#undef TARGET
#undef WIDTH
#undef TILE_ROWS
#undef TILE_VECTORS
#undef VECTOR
#undef LOAD
#undef STORE
#undef INLINE
