"""Inquiries: questions of customers, who owns them and what was answered."""
