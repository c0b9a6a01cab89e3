"""Payslips: TIEKE's Payslip XML 2.0. Source: its schema payslipxml-2-0.xsd of 07/2023 and apix.md 9.3."""

from fakturahub.formats.payslip.detect import detect, split
from fakturahub.formats.payslip.read import attachments, heading, read
from fakturahub.formats.syntax import Syntax

SYNTAX = Syntax(family="payslip", detect=detect, heading=heading, attachments=attachments, read=read, split=split)
