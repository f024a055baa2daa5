"""The user's own labelled texts, in files of many layouts."""
