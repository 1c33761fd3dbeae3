#!/bin/sh
# Compare with `./run.sh --compare`.
exec venv/bin/python train.py --lexicon "${LEXICON:-in/dl}" --packages dl --hand hand --lexicon-hand in/hand --words in/words.tsv --out "${OUT:-out}" "$@"
