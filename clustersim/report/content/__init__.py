"""What a document says, before it has a form: sections of paragraphs, tables and charts in one language.

A writer (DOCX, PDF, PPTX) renders it and computes nothing: every number was looked up in an answer of a command.
"""
