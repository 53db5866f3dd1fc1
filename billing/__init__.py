"""What the business means: rules, words and arithmetic. Knows no Slack, web, SQL or Stripe library."""
