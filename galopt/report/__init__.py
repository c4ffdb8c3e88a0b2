"""The report: one page that puts a run beside the paper it rebuilds."""

from galopt.report.page import log, page, write
from galopt.report.subject import Subject

__all__ = ["Subject", "log", "page", "write"]
