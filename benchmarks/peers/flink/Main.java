import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.api.java.tuple.Tuple5;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** The work with Flink: bounded Kafka source, keyed state on the heap, a timer per project, checkpoints every ten seconds. */
public final class Main {
    private static final long CHECKPOINT_MILLIS = 10_000;

    public static void main(String[] words) throws Exception {
        SameWork.Job job = SameWork.Job.read(words[0]);
        StreamExecutionEnvironment flink = StreamExecutionEnvironment.getExecutionEnvironment();
        flink.setParallelism(1);
        flink.enableCheckpointing(CHECKPOINT_MILLIS);
        flink.getConfig().enableObjectReuse();
        flink.fromSource(source(job), WatermarkStrategy.noWatermarks(), "events")
                .flatMap(Main::read)
                .returns(Types.TUPLE(Types.STRING, Types.STRING, Types.INT, Types.LONG, Types.DOUBLE))
                .keyBy(report -> report.f0, Types.STRING)
                .process(new Fold())
                .returns(Types.TUPLE(Types.STRING, Types.INT, Types.DOUBLE))
                .sinkTo(sink(job));
        flink.execute("same work");
        SameWork.Tally.write(job);
    }

    private static void read(byte[] raw, Collector<Tuple5<String, String, Integer, Long, Double>> out) {
        SameWork.Report report = SameWork.reportOf(raw);
        SameWork.Tally.count(report);
        if (report != null) {
            out.collect(
                    Tuple5.of(report.project(), report.line(), report.day(), report.revision(), report.quantity()));
        }
    }

    private static KafkaSource<byte[]> source(SameWork.Job job) {
        Map<TopicPartition, Long> ends = new HashMap<>();
        for (int number = 0; number < job.ends().length; number++) {
            ends.put(new TopicPartition(job.topic(), number), job.ends()[number]);
        }
        return KafkaSource.<byte[]>builder()
                .setBootstrapServers(job.bootstrap())
                .setTopics(job.topic())
                .setGroupId(job.group())
                .setStartingOffsets(OffsetsInitializer.earliest())
                .setBounded(OffsetsInitializer.offsets(ends))
                .setValueOnlyDeserializer(new Raw())
                .setProperty("max.poll.records", "5000")
                .build();
    }

    private static KafkaSink<Tuple3<String, Integer, Double>> sink(SameWork.Job job) {
        String topic = job.output();
        KafkaRecordSerializationSchema<Tuple3<String, Integer, Double>> schema =
                (kpi, context, when) ->
                        new ProducerRecord<>(
                                topic,
                                kpi.f0.getBytes(StandardCharsets.UTF_8),
                                SameWork.kpi(kpi.f0, kpi.f1, kpi.f2));
        return KafkaSink.<Tuple3<String, Integer, Double>>builder()
                .setBootstrapServers(job.bootstrap())
                .setRecordSerializer(schema)
                .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
                .build();
    }

    private static final class Raw implements DeserializationSchema<byte[]> {
        @Override
        public byte[] deserialize(byte[] message) throws IOException {
            return message;
        }

        @Override
        public boolean isEndOfStream(byte[] next) {
            return false;
        }

        @Override
        public TypeInformation<byte[]> getProducedType() {
            return PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;
        }
    }

    private static final class Fold
            extends KeyedProcessFunction<
                    String, Tuple5<String, String, Integer, Long, Double>, Tuple3<String, Integer, Double>> {
        private transient MapState<Tuple2<String, Integer>, Tuple2<Long, Double>> cells;
        private transient MapState<Integer, Double> days;
        private transient ValueState<Integer> newest;
        private transient ValueState<Boolean> waiting;

        @Override
        public void open(OpenContext context) {
            cells =
                    getRuntimeContext()
                            .getMapState(
                                    new MapStateDescriptor<>(
                                            "cells",
                                            Types.TUPLE(Types.STRING, Types.INT),
                                            Types.TUPLE(Types.LONG, Types.DOUBLE)));
            days = getRuntimeContext().getMapState(new MapStateDescriptor<>("days", Types.INT, Types.DOUBLE));
            newest = getRuntimeContext().getState(new ValueStateDescriptor<>("newest", Types.INT));
            waiting = getRuntimeContext().getState(new ValueStateDescriptor<>("waiting", Types.BOOLEAN));
        }

        @Override
        public void processElement(
                Tuple5<String, String, Integer, Long, Double> report,
                Context context,
                Collector<Tuple3<String, Integer, Double>> out)
                throws Exception {
            Tuple2<String, Integer> cell = Tuple2.of(report.f1, report.f2);
            Tuple2<Long, Double> latest = cells.get(cell);
            if (latest != null && !overtakes(report, latest)) {
                return;
            }
            cells.put(cell, Tuple2.of(report.f3, report.f4));
            Double before = days.get(report.f2);
            days.put(report.f2, (before == null ? 0 : before) + report.f4 - (latest == null ? 0 : latest.f1));
            Integer last = newest.value();
            if (last == null) {
                context.timerService().registerEventTimeTimer(Long.MAX_VALUE);
            }
            if (last == null || report.f2 > last) {
                newest.update(report.f2);
            }
            if (waiting.value() == null) {
                waiting.update(true);
                context.timerService()
                        .registerProcessingTimeTimer(
                                context.timerService().currentProcessingTime() + SameWork.MILLIS_PER_KPI);
            }
        }

        private static boolean overtakes(
                Tuple5<String, String, Integer, Long, Double> report, Tuple2<Long, Double> latest) {
            return report.f3 > latest.f0 || report.f3.equals(latest.f0) && report.f4 > latest.f1;
        }

        /** A second after the first change; and, by the timer at the end of time, when the input is over. */
        @Override
        public void onTimer(long at, OnTimerContext context, Collector<Tuple3<String, Integer, Double>> out)
                throws Exception {
            if (waiting.value() == null) {
                return;
            }
            waiting.clear();
            int last = newest.value();
            double total = 0;
            for (int day = last - SameWork.WINDOW_DAYS + 1; day <= last; day++) {
                Double sum = days.get(day);
                total += sum == null ? 0 : sum;
            }
            out.collect(Tuple3.of(context.getCurrentKey(), last, total));
        }
    }
}
