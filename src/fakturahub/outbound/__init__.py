"""The only code that opens connections: the target guard, HTTP with its tokens and TLS, mail, SFTP."""
