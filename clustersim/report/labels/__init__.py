"""What things are called for people, in English and Chinese: one catalogue for commands, figures, documents, page.

``label`` has the words of keys, ``columns`` those above columns, ``lines`` those of pages and figures,
``help_commands`` and ``help_options`` those of help.
"""

from clustersim.report.labels.label import LANGUAGES, all_words, known, label

__all__ = ["LANGUAGES", "all_words", "known", "label"]
