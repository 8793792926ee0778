"""RFM: how recently, how often and for how much each customer bought, compared with all others."""
