import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.concurrent.atomic.AtomicLong;

/** What the peers written in Java share: their job, the decoding of events, the text of a KPI, and a tally. */
final class SameWork {
    static final int WINDOW_DAYS = 7;
    static final long MILLIS_PER_KPI = 1000;

    /** What a run is asked to do. */
    record Job(String bootstrap, String topic, String output, long[] ends, String answers, String group, String folder) {
        static Job read(String file) throws IOException {
            return new ObjectMapper().readValue(new File(file), Job.class);
        }

        long records() {
            long sum = 0;
            for (long end : ends) {
                sum += end;
            }
            return sum;
        }
    }

    /** The envelope and its payload; numbers and texts are not taken for each other. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Envelope(
            @JsonProperty(required = true) String specversion,
            @JsonProperty(required = true) String id,
            @JsonProperty(required = true) String source,
            @JsonProperty(required = true) String type,
            @JsonProperty(required = true) String subject,
            @JsonProperty(required = true) String time,
            @JsonProperty(required = true) Payload data) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    record Payload(
            @JsonProperty(required = true) String line,
            @JsonProperty(value = "period_start", required = true) String periodStart,
            @JsonProperty(value = "period_end", required = true) String periodEnd,
            @JsonProperty(required = true) double quantity,
            @JsonProperty(required = true) String unit,
            @JsonProperty(required = true) long revision) {}

    /** A report that was read and found to be one. */
    record Report(String project, String line, int day, long revision, double quantity) {}

    private static final ObjectReader READER =
            new ObjectMapper()
                    .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
                    .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                    .readerFor(Envelope.class);

    /** Null for what cannot be read. */
    static Report reportOf(byte[] raw) {
        try {
            Envelope event = READER.readValue(raw);
            if (!"1.0".equals(event.specversion) || !"milepost.production.reported.v1".equals(event.type)) {
                return null;
            }
            OffsetDateTime.parse(event.time);
            LocalDate.parse(event.data.periodStart);
            int day = (int) LocalDate.parse(event.data.periodEnd).toEpochDay();
            return new Report(event.subject, event.data.line, day, event.data.revision, event.data.quantity);
        } catch (IOException | RuntimeException error) {
            return null;
        }
    }

    static byte[] kpi(String project, int day, double total) {
        String text =
                "{\"project\":\"" + project + "\",\"as_of\":\"" + LocalDate.ofEpochDay(day)
                        + "\",\"output_rolling_7d\":" + total + "}";
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** How many records were taken and how many could not be read, and when the first came; one per process. */
    static final class Tally {
        static final AtomicLong TAKEN = new AtomicLong();
        static final AtomicLong DAMAGED = new AtomicLong();
        private static volatile double firstAt = Double.NaN;

        static long count(Report report) {
            if (report == null) {
                DAMAGED.incrementAndGet();
            }
            if (Double.isNaN(firstAt)) {
                firstAt = System.currentTimeMillis() / 1000.0;
            }
            return TAKEN.incrementAndGet();
        }

        static void write(Job job) throws IOException {
            JsonNode word =
                    new ObjectMapper()
                            .createObjectNode()
                            .put("taken", TAKEN.get())
                            .put("damaged", DAMAGED.get())
                            .put("first_at", firstAt);
            Files.writeString(Path.of(job.answers), word.toString());
        }
    }

    private SameWork() {}
}
