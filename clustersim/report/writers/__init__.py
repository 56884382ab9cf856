"""Writers: a content object as DOCX, PDF and PPTX. They lay out what the content says and compute nothing."""
