"""Data only: the projects and alert rules that ship with Milepost, in YAML. `producers.catalog` reads them."""
