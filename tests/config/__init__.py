"""What an installation is started with."""
