"""The bare work: one loop around confluent-kafka and msgspec. Progress is committed after the output is acknowledged."""

import time

from confluent_kafka import Consumer, Producer, TopicPartition
from same_work import SECONDS_PER_KPI, Job, Projects, Tally, event_of

PAGE_RECORDS = 5000


def main(job: Job) -> None:
    consumer = Consumer(
        {
            "bootstrap.servers": job.bootstrap,
            "group.id": job.group,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
        }
    )
    consumer.assign([TopicPartition(job.topic, number, 0) for number in range(len(job.ends))])
    producer = Producer({"bootstrap.servers": job.bootstrap, "enable.idempotence": True, "linger.ms": 5})
    projects, tally = Projects(), Tally(job)
    due = time.monotonic() + SECONDS_PER_KPI
    while tally.taken < job.records:
        for message in consumer.consume(PAGE_RECORDS, 0.1):
            assert message.error() is None, message.error()
            event = event_of(message.value())
            if event is not None:
                projects.take(event)
            tally.count(event)
        if time.monotonic() >= due:
            publish(producer, job.output, projects)
            commit(consumer)
            due += SECONDS_PER_KPI
    publish(producer, job.output, projects)
    commit(consumer)
    tally.write()
    consumer.close()


def publish(producer: Producer, topic: str, projects: Projects) -> None:
    for key, value in projects.changed():
        producer.produce(topic, value, key)
    producer.flush()


def commit(consumer: Consumer) -> None:
    consumer.commit(offsets=consumer.position(consumer.assignment()), asynchronous=True)


if __name__ == "__main__":
    main(Job.from_command_line())
