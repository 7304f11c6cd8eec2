#ifndef FASTRELAY_CVOCABULARY_H
#define FASTRELAY_CVOCABULARY_H

/// The bytes of vocabulary.bin, in the read-only data of the executable. Aligned to 64 bytes.
extern const unsigned char fastrelay_vocabulary[];

/// Swift does not import an array without a size, so this hands out its address.
static inline const void *_Nonnull fastrelay_vocabulary_start(void) { return fastrelay_vocabulary; }

#endif
