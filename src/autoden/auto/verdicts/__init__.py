"""How wrong an estimate is, whether it agrees with the data, and the sentences that say so."""
