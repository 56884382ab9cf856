"""Answers by subject: the page that people read, the rows that CSV holds, and the files of a folder."""
