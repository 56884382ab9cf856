"""What things are called for people, in English and Chinese: one table for figures, notes, slides and the workbook."""

from clustersim.report.labels.label import LANGUAGES, all_words, known, label

__all__ = ["LANGUAGES", "all_words", "known", "label"]
