#include "moment.h"

#include <time.h>

void
moment_text(char text[MOMENT], long long microseconds)
{
	time_t seconds = (time_t)(microseconds / 1000000);
	struct tm tm;

	text[0] = '\0';
	if (microseconds > 0 && gmtime_r(&seconds, &tm) != NULL && tm.tm_year <= 9999 - 1900)
		strftime(text, MOMENT, "%Y-%m-%dT%H:%M:%S", &tm);
}
