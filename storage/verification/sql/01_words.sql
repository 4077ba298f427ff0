-- What is to be computed without loss is written down as words in postfix order; `-- exact: table(column …)` has them
-- worked out. NULL stays NULL.
CREATE MACRO exact_amount(text, factor) AS text || ' ' || factor || ' amount';
CREATE MACRO exact_rate(text, factor) AS text || ' ' || factor || ' rate';
CREATE MACRO exact_add(a, b) AS a || ' ' || b || ' +';
CREATE MACRO exact_subtract(a, b) AS a || ' ' || b || ' -';
CREATE MACRO exact_multiply(a, b) AS a || ' ' || b || ' *';
CREATE MACRO exact_divide(a, b) AS a || ' ' || b || ' /';
CREATE MACRO exact_share(a, part, whole) AS a || ' ' || CAST(part AS VARCHAR) || ' * ' || CAST(whole AS VARCHAR) || ' /';
CREATE MACRO exact_sum(members) AS coalesce(array_to_string(members, ' ') || ' ' || CAST(len(members) AS VARCHAR) || ' sum', '0 0 +');
CREATE MACRO exact_compare(a, b) AS a || ' ' || b || ' ?';

-- Reasons in the order in which the first that applies is told; `least` leaves NULLs aside.
CREATE TABLE reason_name AS SELECT * FROM (VALUES
    (1, 'no_baseline'), (2, 'not_planned'), (3, 'not_started'), (4, 'no_data'), (5, 'complete'), (6, 'budget_exhausted'),
    (7, 'target_passed'), (8, 'unreachable'), (9, 'no_pace'), (10, 'zero_denominator')
) AS names(r, reason);
CREATE MACRO zero_reason(d) AS CASE WHEN d = '0' THEN 10 END;
CREATE MACRO plan_reason(baseline) AS CASE WHEN baseline = 0 THEN 1 END;

-- How many `target` one `unit` is.
CREATE TABLE factor AS
WITH size(dimension, unit, size) AS (VALUES
    ('mass', 'kg', '1'), ('mass', 't', '1000'), ('mass', 'kt', '1000000'), ('mass', '万吨', '10000000'),
    ('length', 'm', '1'), ('length', 'km', '1000'),
    ('area', 'm2', '1'), ('area', 'ha', '10000'), ('area', 'km2', '1000000'),
    ('volume', 'm3', '1'), ('volume', '万立方米', '10000'),
    ('time', 's', '1'), ('time', 'min', '60'), ('time', 'h', '3600'), ('time', 'd', '86400'),
    ('energy', 'kWh', '1'), ('energy', 'MWh', '1000'),
    ('money', 'CNY', '1'), ('money', '元', '1'), ('money', '万元', '10000'), ('money', '亿元', '100000000')
)
SELECT a.unit, b.unit AS target, exact_divide(a.size, b.size) AS size
FROM size a JOIN size b ON b.dimension = a.dimension AND b.unit <> a.unit;
-- exact: factor(size)
-- A figure or a plan without a unit fits everything; NULL: it does not fit.
CREATE MACRO factor_of(unit, target, size) AS CASE WHEN unit IS NULL OR target IS NULL OR unit = target THEN '1' ELSE size END;

-- Values that are quotients without a numerator of their own; all others without one are amounts.
CREATE TABLE quotient_kpi AS SELECT unnest([
    'sci', 'eac', 'eac_sci', 'etc', 'vac', 'tcpi_eac', 'resumption_gap', 'resumption_rate_yoy', 'lead_lag', 'projected_finish',
    'projected_output', 'target_margin', 'investment_lead_lag', 'eac_sci_t', 'sci_t', 'earned_schedule',
    'schedule_variance_time', 'forecast_duration', 'forecast_duration_pf1', 'forecast_duration_sci_t', 'forecast_finish', 'reading_mean_7d', 'reading_mean_30d'
]) AS kpi;
-- What is told against the first baseline, too.
CREATE TABLE schedule_kpi AS SELECT unnest([
    'planned_value', 'schedule_variance', 'spi', 'percent_scheduled', 'earned_schedule', 'actual_time', 'planned_duration',
    'schedule_variance_time', 'spi_t', 'sci_t', 'forecast_duration', 'forecast_duration_pf1', 'forecast_duration_sci_t', 'forecast_finish',
    'tspi', 'milestone_slip', 'milestones_overdue', 'milestone_hit_rate', 'milestone_on_time_rate', 'milestone_bei'
]) AS kpi;
