"""The page, the API and the metrics of ``tradebot serve``.

The server holds no trading state, decides nothing and sends no order. It needs the extra ``web``. No command that a
scheduler starts imports this package.
"""
