"""What people see: views, messages and mails in two languages. Functions from read models; no queries, no clock."""
