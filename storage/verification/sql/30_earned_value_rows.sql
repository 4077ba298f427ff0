CREATE TABLE evm_row AS
WITH based AS (
    SELECT e.s, e.day, e.baseline, e.unit, e.bac, CAST(NULL AS INTEGER) AS bac_r, e.pv, e.pv_r, e.ev, e.ev_r, e.ac, e.ac_r,
           CASE WHEN e.early THEN 3 END AS early,
           CASE WHEN p.is_finished OR e.order_of IN ('0', '1') THEN 5 END AS complete
    FROM evm e JOIN place p ON p.s = e.s AND p.day = e.day AND p.baseline = e.baseline
    JOIN section n ON n.s = e.s AND n.day = e.day AND n.name = 'earned_value'
    UNION ALL
    SELECT h.s, h.day, 0, '%', NULL, 1, NULL, 1, NULL, 1, NULL, 1, NULL, NULL
    FROM here h JOIN section n ON n.s = h.s AND n.day = h.day AND n.name = 'earned_value' WHERE h.baseline = 0
)
SELECT *, exact_subtract(bac, ev) AS rest, exact_subtract(bac, ac) AS budget_rest, exact_compare(ac, bac) AS spent,
       least(ev_r, pv_r, early, CASE WHEN pv = '0' THEN 3 END) AS spi_r,
       least(ev_r, ac_r, early, zero_reason(ac)) AS cpi_r
FROM based;
-- exact: evm_row(rest budget_rest spent)
ALTER TABLE evm_row ADD COLUMN sci VARCHAR;
ALTER TABLE evm_row ADD COLUMN eac VARCHAR;
ALTER TABLE evm_row ADD COLUMN eac_rest VARCHAR;
UPDATE evm_row SET
    sci = CASE WHEN spi_r IS NULL AND cpi_r IS NULL THEN exact_multiply(exact_divide(ev, pv), exact_divide(ev, ac)) END,
    eac = CASE WHEN cpi_r IS NULL THEN exact_divide(bac, exact_divide(ev, ac)) END,
    eac_rest = CASE WHEN cpi_r IS NULL THEN exact_subtract(exact_divide(bac, exact_divide(ev, ac)), ac) END;
-- exact: evm_row(sci eac eac_rest)
-- With SPI(t) in the place of SPI.
ALTER TABLE evm_row ADD COLUMN sci_t VARCHAR;
ALTER TABLE evm_row ADD COLUMN sci_t_r INTEGER;
UPDATE evm_row SET sci_t = CASE WHEN t.index_r IS NULL AND cpi_r IS NULL THEN exact_multiply(t.index, exact_divide(ev, ac)) END,
                   sci_t_r = least(t.index_r, cpi_r)
FROM schedule t WHERE t.s = evm_row.s AND t.day = evm_row.day;
UPDATE evm_row SET sci_t_r = 1 WHERE baseline = 0;
-- exact: evm_row(sci_t)
INSERT INTO figure
WITH derived AS (
    SELECT *, least(spi_r, cpi_r) AS sci_r, least(cpi_r, zero_reason(ev)) AS eac_r FROM evm_row
), told AS (
    SELECT s, day, unnest([
        {'kpi': 'budget_at_completion', 'unit': unit, 'n': NULL, 'd': NULL, 'v': bac, 'r': bac_r},
        {'kpi': 'planned_value', 'unit': unit, 'n': NULL, 'd': NULL, 'v': pv, 'r': pv_r},
        {'kpi': 'earned_value', 'unit': unit, 'n': NULL, 'd': NULL, 'v': ev, 'r': ev_r},
        {'kpi': 'actual_cost', 'unit': unit, 'n': NULL, 'd': NULL, 'v': ac, 'r': ac_r},
        {'kpi': 'schedule_variance', 'unit': unit, 'n': NULL, 'd': NULL, 'v': exact_subtract(ev, pv), 'r': least(ev_r, pv_r)},
        {'kpi': 'cost_variance', 'unit': unit, 'n': NULL, 'd': NULL, 'v': exact_subtract(ev, ac), 'r': least(ev_r, ac_r)},
        {'kpi': 'spi', 'unit': '1', 'n': ev, 'd': pv, 'v': NULL, 'r': spi_r},
        {'kpi': 'cpi', 'unit': '1', 'n': ev, 'd': ac, 'v': NULL, 'r': cpi_r},
        {'kpi': 'sci', 'unit': '1', 'n': NULL, 'd': NULL, 'v': sci, 'r': sci_r},
        {'kpi': 'percent_complete', 'unit': '%', 'n': ev, 'd': bac, 'v': NULL, 'r': least(ev_r, bac_r, zero_reason(bac))},
        {'kpi': 'percent_scheduled', 'unit': '%', 'n': pv, 'd': bac, 'v': NULL, 'r': least(pv_r, bac_r, zero_reason(bac))},
        {'kpi': 'percent_spent', 'unit': '%', 'n': ac, 'd': bac, 'v': NULL, 'r': least(ac_r, bac_r, zero_reason(bac))},
        {'kpi': 'eac', 'unit': unit, 'n': NULL, 'd': NULL, 'v': eac, 'r': least(bac_r, eac_r)},
        {'kpi': 'eac_budget', 'unit': unit, 'n': NULL, 'd': NULL, 'v': exact_add(ac, rest), 'r': least(ac_r, bac_r, ev_r)},
        {'kpi': 'eac_sci', 'unit': unit, 'n': NULL, 'd': NULL, 'v': exact_add(ac, exact_divide(rest, sci)),
         'r': least(ac_r, bac_r, ev_r, sci_r, zero_reason(sci))},
        {'kpi': 'eac_sci_t', 'unit': unit, 'n': NULL, 'd': NULL, 'v': exact_add(ac, exact_divide(rest, sci_t)),
         'r': least(ac_r, bac_r, ev_r, sci_t_r, zero_reason(sci_t))},
        {'kpi': 'etc', 'unit': unit, 'n': NULL, 'd': NULL, 'v': eac_rest, 'r': least(bac_r, eac_r)},
        {'kpi': 'vac', 'unit': unit, 'n': NULL, 'd': NULL, 'v': exact_subtract(bac, eac), 'r': least(bac_r, eac_r)},
        {'kpi': 'tcpi', 'unit': '1', 'n': rest, 'd': budget_rest, 'v': NULL,
         'r': least(bac_r, ev_r, ac_r, early, complete, CASE WHEN spent IN ('0', '1') THEN 6 END)},
        {'kpi': 'tcpi_eac', 'unit': '1', 'n': rest, 'd': eac_rest, 'v': NULL,
         'r': least(bac_r, ev_r, eac_r, early, complete, zero_reason(eac_rest))}
    ], recursive := true) FROM derived
)
SELECT s, day, kpi, '', unit, n, d, v, r, false FROM told;
