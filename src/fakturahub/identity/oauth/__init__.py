"""The hub's OAuth2 server: who may have a token, and what the tokens are signed with."""

import logging

# Authlib logs the tokens it issues and the names it is given, at the level of debugging: nobody is to turn that on.
logging.getLogger("authlib").setLevel(logging.ERROR)
