"""Returns of twelve trials, of which another program told what tradebot computes of them.

The figures are those of holdout-backtest 0.1.0 (https://pypi.org/project/holdout-backtest/), computed from the same
returns.
"""

from __future__ import annotations

#: Daily returns by trial, 96 sessions each.
RETURNS = [
    [
        (7919 * (trial + 1) * (session + 3) * (session + 7) + 104729 * trial) % 10007 / 10007 * 0.04 - 0.0195
        for session in range(96)
    ]
    for trial in range(12)
]

#: The trial with the highest Sharpe ratio, and what holds of it.
HIGHEST = 11
SHARPE, SKEWNESS, KURTOSIS = 0.13426707987338385, 0.20360618319696455, 1.7250165106126818
SHARPE_VARIANCE = 0.005619491693398576  # of the trials
EXPECTED_MAXIMUM = 0.124799703846982
DEFLATED, PROBABILISTIC = 0.5372101138188929, 0.9073669308368985
#: The track record that it takes to be above the expected maximum with 95 %, and above 0.
MINIMUM_RECORD, MINIMUM_RECORD_ABOVE_0 = 29459.72312183432, 147.46507718635536
#: By blocks: the probability of backtest overfitting, the sum of the logits, and how many there are.
OVERFITTING = {
    6: (0.8, -10.265450006594673, 20),
    8: (0.8857142857142857, -65.15692185485737, 70),
    16: (0.8135198135198135, -10314.554784560865, 12870),
}
