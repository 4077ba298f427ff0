-- What stands in the columns numerator and denominator of a KPI; NULL where it is no quotient.
ALTER TABLE kpi_catalog ADD COLUMN numerator VARCHAR;
ALTER TABLE kpi_catalog ADD COLUMN denominator VARCHAR;
