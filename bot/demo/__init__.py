"""Everything on one laptop: the local Slack, Stripe and mailbox, and the bot, with data that looks real."""
