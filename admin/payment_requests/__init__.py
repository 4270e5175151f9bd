"""Staff compose a request for the KCP window and share its link."""
