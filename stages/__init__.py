"""A script a stage of the pipeline, named after it; `python -m stages.pad` runs one."""
