"""The customer's page behind a payment request's link: the only page without a sign-in."""
