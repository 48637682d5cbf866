/*
 * What husk is told of the end, or of the launch.
 */
#include "plan.h"

#define REPORT_MAGIC 0x50455248u /* "HREP" */

struct report report;
int report_fd;

void note_failure(void)
{
	u32 exhibit = told->exhibit_bytes;
	report.outcome = FAILED;
	report.ordinal = told->ordinal;
	report.error = told->error;
	report.detail = told->detail;
	report.path = told->path;
	report.exhibit_bytes = exhibit <= sizeof told->exhibit ? exhibit : 0;
}

void write_report(void)
{
	report.ended = now();
	if (report_fd < 0)
		return;
	report.magic = REPORT_MAGIC;
	report.protocol = PROTOCOL;
	report.operations = plan->operations;
	CALL3(__NR_write, report_fd, &report, sizeof report);
	if (times)
		CALL3(__NR_write, report_fd, times, 16ul * plan->operations);
	for (u32 i = 0; i < plan->exports; i++)
		CALL3(__NR_write, report_fd, data + exports[2 * i], exports[2 * i + 1]);
	if (told)
		CALL3(__NR_write, report_fd, told->exhibit, report.exhibit_bytes);
}
