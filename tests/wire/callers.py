"""The companies of the wire tests that call the File API and the Document API."""

from __future__ import annotations

#: A shop and its supplier, who send to one another, a third that sees nothing
#: of theirs, and one that has what it receives posted.
API = """
[[company]]
key = "butik"
name = "Butik Björk AB"
country = "SE"
business_id = "556000-0011"
vat_id = "SE556000001101"
addresses = ["0088:7300009000118"]
email = "faktura@butik.example"
contracts = ["send", "receive"]
credits = "postpaid"
validation = "warn"

  [company.apix]
  transfer_id = "0f6aa87f-ce1d-44ce-b025-butik"
  transfer_key = "butik-key"

  [company.pagero]
  username = "butik"
  password = "butik-password"
  client_id = "butik-erp"
  client_secret = "butik-erp-secret"
  redirect_uris = ["http://127.0.0.1:8091/OAuthLanding.htm"]

[[company]]
key = "grossist"
name = "Grossist Gran AB"
country = "SE"
business_id = "556000-0012"
addresses = ["0088:7300009000125"]
contracts = ["send", "receive"]
credits = "postpaid"
validation = "warn"

  [company.pagero]
  username = "grossist"
  password = "grossist-password"
  client_id = "grossist-erp"
  client_secret = "grossist-erp-secret"
  company_id = "Gran-2809445"

[[company]]
key = "annan"
name = "Annan AB"
country = "SE"
business_id = "556000-0013"
contracts = ["send", "receive"]
credits = "postpaid"

  [company.pagero]
  username = "annan"
  password = "annan-password"
  client_id = "annan-erp"
  client_secret = "annan-erp-secret"

[[company]]
key = "brevlada"
name = "Brevlåda AB"
country = "SE"
business_id = "556000-0014"
addresses = ["0088:7300009000149"]
contracts = ["send", "receive"]
credits = "postpaid"

  [company.pagero]
  username = "brevlada"
  password = "brevlada-password"
  client_id = "brevlada-erp"
  client_secret = "brevlada-erp-secret"

  [company.pagero.push]
  url = "{origin}/brevlada"
"""
