-- A decimal of 12 places as an integer of the last one, and back; NULL where DECIMAL(38, 12) is too small for it.
CREATE OR REPLACE MACRO internal.to_pico(number) AS CAST(replace(CAST(number AS VARCHAR), '.', '') AS HUGEINT);
CREATE OR REPLACE MACRO internal.of_pico(pico) AS TRY_CAST(
    CASE WHEN pico < 0 THEN '-' ELSE '' END || regexp_replace(
        lpad(CAST(abs(pico) AS VARCHAR), CAST(greatest(13, len(CAST(abs(pico) AS VARCHAR))) AS INTEGER), '0'),
        '(\d{12})$', '.\1'
    ) AS DECIMAL(38, 12)
);

-- Such integers are added in two limbs, so that no sum overflows; NULL for sums from 10^37 on.
CREATE OR REPLACE MACRO internal.limb() AS 10000000000000000000::HUGEINT;
CREATE OR REPLACE MACRO internal.too_large() AS 10000000000000000000000000000000000000::HUGEINT;
CREATE OR REPLACE MACRO internal.joined(high, low) AS
    CASE WHEN abs(high) < internal.too_large() // internal.limb() THEN high * internal.limb() + low END;

-- The double of times * n / d; reduced first, so that most are rounded once.
CREATE OR REPLACE MACRO internal.quotient(times, n, d) AS
    times * CAST(n // gcd(n, d) AS DOUBLE) / CAST(d // gcd(n, d) AS DOUBLE);

-- n / d, d above 0, as a whole number and 76 places behind the point: as many as tell any two fractions of such integers
-- apart. Products of numerators and denominators would overflow; remainders do not.
CREATE OR REPLACE MACRO internal.rest(n, d) AS n % d + CASE WHEN n % d < 0 THEN d ELSE 0 END;
CREATE OR REPLACE MACRO internal.whole(n, d) AS (n - internal.rest(n, d)) // d;
CREATE OR REPLACE MACRO internal.next_places(rest, d) AS lpad(CAST(rest * internal.limb() // d AS VARCHAR), 19, '0');
CREATE OR REPLACE MACRO internal.further(rest, d) AS rest * internal.limb() % d;
CREATE OR REPLACE MACRO internal.places(rest, d) AS CASE
    WHEN rest = 0 THEN repeat('0', 76)
    WHEN d < internal.limb() THEN internal.next_places(rest, d) || internal.next_places(internal.further(rest, d), d)
        || internal.next_places(internal.further(internal.further(rest, d), d), d)
        || internal.next_places(internal.further(internal.further(internal.further(rest, d), d), d), d)
    ELSE list_reduce(
        list_prepend({'rest': rest, 'places': ''}, list_transform(range(76), lambda i: {'rest': rest, 'places': ''})),
        lambda done, i: {'rest': done.rest * 10 % d, 'places': done.places || CAST(done.rest * 10 // d AS VARCHAR)}
    ).places END;
